"""Files of plays."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from earshot.ids import TrackId
from earshot.plays import ListenerId, Play
from listening import parquet
from listening.parquet import Packed, Plays

AT = 1_763_942_400
FULL = Play(
    ListenerId("0123456789abcdef"), AT, "Hé, “Jude” 日本", ("A", "B"), "Album", mbid="m", isrc="i", duration_ms=200_000,
    played_ms=20_000, skipped=True, client="Navidrome 0.58", named_id=TrackId("file:abc"), accepted_at=AT + 9,
)  # fmt: skip


@pytest.fixture
def plays(tmp_path: Path) -> Iterator[Plays]:
    plays = Plays(tmp_path)
    yield plays
    plays.close()


def _some(count: int, seed: int = 0) -> list[Play]:
    chance = random.Random(seed)
    return [
        Play(
            ListenerId(f"{chance.getrandbits(64):016x}"), AT + number, f"Song {number}", ("A",), accepted_at=AT + number
        )
        for number in range(count)
    ]


def _file(tmp_path: Path, packed: Packed) -> Path:
    file = tmp_path / f"{packed.plays}-{hash(packed.body)}.parquet"
    file.write_bytes(packed.body)
    return file


def _merged(plays: Plays, tmp_path: Path, *parts: list[Play], **rules: object) -> list[Play]:
    files = [_file(tmp_path, plays.pack(part)) for part in parts]
    return [play for packed in plays.merge(files, **rules) for play in plays.unpack(packed.body)]  # type: ignore[arg-type]


def test_a_play_is_read_as_it_was_written(plays: Plays) -> None:
    assert plays.unpack(plays.pack([FULL]).body) == [FULL]


def test_what_is_not_said_is_not_read(plays: Plays) -> None:
    bare = Play(FULL.listener, AT, "Song")
    assert plays.unpack(plays.pack([bare]).body) == [replace(bare, skipped=False)]


def test_the_same_plays_make_the_same_bytes_sorted_by_listener(plays: Plays) -> None:
    some = _some(50)
    packed = plays.pack(some)
    assert packed == plays.pack(some)
    read = plays.unpack(packed.body)
    assert [play.listener for play in read] == sorted(play.listener for play in some)
    assert packed.listeners == (read[0].listener, read[-1].listener)


def test_merging_keeps_every_play_once_the_matched_and_the_latest_of_two(plays: Plays, tmp_path: Path) -> None:
    matched = replace(FULL, track_id=TrackId("deezer:1"))
    again = replace(FULL, accepted_at=AT + 99)
    (kept,) = _merged(plays, tmp_path, [FULL], [matched], [again])
    assert kept.track_id == "deezer:1"
    (kept,) = _merged(plays, tmp_path, [again], [FULL])
    assert kept.accepted_at == AT + 99


def test_what_has_a_track_is_kept_without_its_names_and_is_the_same_play_nevertheless(
    plays: Plays, tmp_path: Path
) -> None:
    matched = replace(FULL, track_id=TrackId("deezer:1"))
    (packed,) = plays.merge([_file(tmp_path, plays.pack([matched]))])
    (kept,) = plays.unpack(packed.body)
    assert (kept.title, kept.artists, kept.track_id, kept.is_skip) == ("", (), "deezer:1", True)
    (again,) = plays.merge([_file(tmp_path, packed), _file(tmp_path, plays.pack([FULL]))])
    assert plays.unpack(again.body) == [kept]


def test_songs_get_their_tracks_and_others_stay_as_they_are(plays: Plays, tmp_path: Path) -> None:
    some = _some(4)
    found = _merged(plays, tmp_path, some, matched={some[2].song: TrackId("deezer:2")})
    assert {play.listened_at: play.track_id for play in found if play.track_id} == {AT + 2: "deezer:2"}
    assert {play.title for play in found} == {"Song 0", "Song 1", "Song 3", ""}


def test_the_forgotten_are_left_out_up_to_when_they_asked(plays: Plays, tmp_path: Path) -> None:
    some = [replace(FULL, listened_at=AT + n, accepted_at=AT + n) for n in range(4)]
    found = _merged(plays, tmp_path, [*some, *_some(3)], forgotten={FULL.listener: AT + 1})
    assert sorted(play.listened_at - AT for play in found if play.listener == FULL.listener) == [2, 3]
    assert len(found) == 5


def test_a_day_of_which_nothing_is_left_makes_no_file(plays: Plays, tmp_path: Path) -> None:
    assert _merged(plays, tmp_path, [FULL], forgotten={FULL.listener: AT + 99}) == []


def test_a_large_day_is_cut_into_ranges_of_listeners_that_are_apart(
    plays: Plays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "_MOST_ROWS", 30)
    ends = [replace(FULL, listener=ListenerId(digit * 16)) for digit in "0f"]
    packed = list(plays.merge([_file(tmp_path, plays.pack([*_some(98), *ends]))]))
    assert sum(one.plays for one in packed) == 100
    assert len(packed) == 4
    bounds = [end[:4] for one in packed for end in one.listeners]
    assert bounds == sorted(bounds)
    assert len({one.listeners[0][:4] for one in packed}) == 4


def test_a_song_without_a_track_is_found_once_and_each_turn_begins_elsewhere(plays: Plays, tmp_path: Path) -> None:
    some = _some(20)
    file = _file(
        tmp_path, plays.pack([*some, replace(some[0], listened_at=AT + 99), replace(FULL, track_id=TrackId("x"))])
    )
    turns = [[play.song for play in plays.unmatched([file], AT, most=5, turn=turn)] for turn in range(3)]
    assert all(len(set(turn)) == 5 for turn in turns)
    assert len({song for turn in turns for song in turn}) > 5
    assert len(plays.unmatched([file], AT + 10, most=50, turn=0)) == 11, "and since a time"
    assert len(plays.of_songs([file], [some[0].song])) == 2


def test_a_text_that_looks_like_a_statement_is_a_text(plays: Plays, tmp_path: Path) -> None:
    nasty = replace(FULL, title="'); DROP TABLE day; --", client="$rows")
    assert _merged(plays, tmp_path, [nasty])[0].title == nasty.title
