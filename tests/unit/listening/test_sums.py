"""What plays of several days add up to."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from earshot.ids import TrackId
from earshot.plays import ListenerId, Play
from listening.local_lake import Days
from listening.parquet import Packed, Plays
from listening.sums import Events, Weights, summary

AT = 1_763_942_400
ONE, TWO = ListenerId("1" * 16), ListenerId("2" * 16)


@pytest.fixture
def plays(tmp_path: Path) -> Iterator[Plays]:
    plays = Plays(tmp_path)
    yield plays
    plays.close()


def _heard(listener: ListenerId, track: str, day: int, *, skipped: bool = False) -> Play:
    at = AT + 86_400 * day
    return Play(listener, at, f"Song {track}", ("A",), skipped=skipped, track_id=TrackId(track), accepted_at=at)


def _file(tmp_path: Path, packed: Packed) -> Path:
    file = tmp_path / f"{packed.plays}-{hash(packed.body)}.parquet"
    file.write_bytes(packed.body)
    return file


FIRST = [_heard(ONE, "b", 0), _heard(ONE, "a", -1), _heard(ONE, "c", 0, skipped=True), _heard(TWO, "a", 0)]


def test_what_was_played_weighs_the_less_the_longer_ago_and_a_skip_nothing(plays: Plays, tmp_path: Path) -> None:
    weights = Weights(plays, None, AT, 86_400.0)
    weights.add(Days((_file(tmp_path, plays.pack(FIRST)),), are_merged=True))
    second = _file(tmp_path, plays.pack([_heard(ONE, "b", -2)]))
    weights.add(Days((second, second), are_merged=False))
    assert list(weights.heaviest(1)) == [(ONE, [("b", 1.0)]), (TWO, [("a", 1.0)])]
    assert next(weights.heaviest(5)) == (ONE, [("b", 1.0), ("a", 0.4)]), ".5 of 1.25"


def test_of_those_who_heard_too_much_the_last_is_kept_and_all_of_it_is_counted(plays: Plays, tmp_path: Path) -> None:
    weights = Weights(plays, [ONE], AT, 86_400.0)
    unknown = replace(_heard(ONE, "x", 0), track_id=None)
    weights.add(Days((_file(tmp_path, plays.pack([*FIRST, unknown])),), are_merged=True))
    day = AT // 86_400
    assert list(weights.histories(2)) == [(ONE, 4, [("b", day), ("c", day)])]
    assert list(weights.histories(9)) == [(ONE, 4, [("b", day), ("c", day), ("a", day - 1)])]


def test_only_those_who_are_asked_for_count(plays: Plays, tmp_path: Path) -> None:
    weights = Weights(plays, [TWO], AT, 86_400.0)
    weights.add(Days((_file(tmp_path, plays.pack(FIRST)),), are_merged=True))
    assert list(weights.heaviest(5)) == [(TWO, [("a", 1.0)])]


def test_events_of_several_days_have_one_code_for_each_listener_and_track(plays: Plays, tmp_path: Path) -> None:
    events = Events(plays)
    for some in (FIRST, [_heard(TWO, "Z", 1), _heard(ONE, "c", 2), replace(_heard(ONE, "x", 3), track_id=None)]):
        file = _file(tmp_path, plays.pack(some))
        events.add(Days((file, file), are_merged=False))
    found = events.arrays()
    assert events.track_ids() == ["Z", "a", "b", "c"]
    assert list(zip(found["listener"], found["track"], (found["at"] - AT) // 86_400, found["skip"], strict=True)) == [
        (0, 1, -1, False), (0, 2, 0, False), (0, 3, 0, True), (0, 3, 2, False), (1, 1, 0, False), (1, 0, 1, False)
    ]  # fmt: skip


def test_a_day_is_summarised_by_its_plays_its_listeners_and_what_they_played_most(plays: Plays, tmp_path: Path) -> None:
    file = _file(tmp_path, plays.pack([*FIRST, replace(_heard(TWO, "b", 0), listened_at=AT + 9)]))
    assert summary(plays, [file], 1) == [(AT // 86_400 - 1, 1, 1, [("a", 1)]), (AT // 86_400, 4, 2, [("b", 2)])]
