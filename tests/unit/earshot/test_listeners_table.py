"""What is kept of listeners, on a real table."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from earshot import clock
from earshot.clock import Timestamp, epoch, iso, now, now_iso
from earshot.history import MOST_TRACKS, History
from earshot.ids import TrackId
from earshot.plays import ListenerId, Play
from earshot.stores.listeners_table import Forgotten, Listener, ListenersTable, Opinion, Taste
from tests.aws import Account, account

ANA, BEN = ListenerId("a" * 16), ListenerId("b" * 16)
X, Y = TrackId("deezer:1"), TrackId("deezer:2")


@pytest.fixture
def aws() -> Iterator[Account]:
    with account() as aws:
        yield aws


@pytest.fixture
def table(aws: Account) -> ListenersTable:
    return aws.listeners_table()


def _play(minutes_ago: float, listener: ListenerId = ANA, **said: object) -> Play:
    listened_at = int(epoch() - 60 * minutes_ago)
    return Play(listener, listened_at, f"Song {minutes_ago}", ("A",), accepted_at=listened_at + 5, **said)  # type: ignore[arg-type]


def test_the_latest_plays_come_first_and_no_others_than_the_listeners(table: ListenersTable) -> None:
    plays = [_play(minutes, track_id=X, skipped=minutes == 2, duration_ms=180_000) for minutes in (3, 1, 2)]
    table.note_plays([*plays, _play(1, BEN)])
    assert table.recent(ANA, 2) == [plays[1], plays[2]]
    assert table.get(ANA, 10).recent == [plays[1], plays[2], plays[0]]


def test_a_play_that_is_written_twice_is_there_once_and_the_later_word_counts(table: ListenersTable) -> None:
    play = _play(1)
    table.note_plays([play])
    table.note_plays([replace(play, track_id=X)])
    assert table.recent(ANA, 10) == [replace(play, track_id=X)]


def test_what_is_too_long_ago_is_not_recent_and_what_is_expires(aws: Account) -> None:
    table = ListenersTable(aws.dynamodb, aws.table("short", "listener", "item"), keep_days=1)
    play = _play(60)
    table.note_plays([play, _play(60 * 24 + 1)])
    (row,) = table.everything(ANA)
    assert row["expires_at"] == play.listened_at + 86_400


def test_of_a_listener_nobody_has_heard_of_nothing_is_known(table: ListenersTable) -> None:
    assert table.get(ANA, 10) == Listener([], {}, None)


def test_the_last_word_on_a_track_counts_and_may_be_taken_back(table: ListenersTable) -> None:
    table.say(ANA, X, Opinion.LOVED)
    table.say(ANA, Y, Opinion.BANNED)
    table.say(ANA, X, Opinion.BANNED)
    table.say(ANA, Y, None)
    assert table.get(ANA, 1).opinions == {X: Opinion.BANNED}
    assert table.get(BEN, 1).opinions == {}


def test_a_taste_is_read_as_it_was_written(table: ListenersTable) -> None:
    taste = Taste(((X, 1.0), (Y, 0.25)), iso(now()))
    table.note_taste(ANA, taste)
    assert table.get(ANA, 1).taste == taste
    assert table.tastes_made_at([ANA, BEN]) == {ANA: taste.made_at}


def test_a_history_is_read_as_it_was_written_and_replaces_the_one_before(table: ListenersTable) -> None:
    for tracks in ([(TrackId(f"deezer:{n}"), 20_000 - n) for n in range(MOST_TRACKS)], [(X, 20_001)], []):
        history = History.of(tracks, 40_000, now_iso())
        table.note_history(ANA, history)
        assert table.history(ANA) == history
        assert len(history.packed) <= 72_000
    assert table.history(BEN) is None


def test_an_export_holds_everything(table: ListenersTable) -> None:
    table.note_plays([_play(1)])
    table.say(ANA, X, Opinion.LOVED)
    table.note_taste(ANA, Taste(((X, 1.0),), iso(now())))
    table.note_history(ANA, History.of([(X, 20_000)], 2, now_iso()))
    assert [row["item"].split("#")[0] for row in table.everything(ANA)] == ["history", "opinion", "play", "taste"]


def test_of_who_asks_to_be_forgotten_nothing_stays_but_that_they_asked(table: ListenersTable) -> None:
    table.note_plays([_play(1), _play(1, BEN)])
    table.say(ANA, X, Opinion.LOVED)
    table.note_taste(ANA, Taste(((X, 1.0),), iso(now())))
    table.note_history(ANA, History.of([(X, 20_000)], 2, now_iso()))
    asked_at = table.forget(ANA)
    assert list(table.everything(ANA)) == []
    assert len(table.recent(BEN, 10)) == 1
    assert table.forgotten_at([ANA, BEN]) == {ANA: asked_at}
    assert table.to_forget() == [Forgotten(ANA, asked_at)]


def test_what_is_new_since_they_asked_stays(table: ListenersTable) -> None:
    asked_at = table.forget(ANA)
    later = replace(_play(0), accepted_at=int(epoch()) + 60)
    table.note_plays([_play(1), later])
    table.forget_before(ANA, asked_at)
    assert table.recent(ANA, 10) == [later]


def test_how_far_forgetting_has_come_is_noted_for_whoever_goes_on(table: ListenersTable) -> None:
    (asked,) = [Forgotten(ANA, table.forget(ANA))]
    table.note_forgotten(asked, "2026-11-01")
    assert table.to_forget() == [replace(asked, until="2026-11-01")]
    table.is_forgotten(asked)
    assert table.to_forget() == []
    assert table.forgotten_at([ANA]) == {ANA: asked.asked_at}, "a message of then may still come"


def test_who_asks_again_is_forgotten_from_the_beginning(table: ListenersTable, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Forgotten(ANA, table.forget(ANA))
    monkeypatch.setattr(clock, "now_iso", lambda: Timestamp("2099-01-01T00:00:00.000000Z"))
    monkeypatch.setattr("earshot.stores.listeners_table.now_iso", clock.now_iso)
    again = Forgotten(ANA, table.forget(ANA))
    table.note_forgotten(first, "2026-11-01")
    table.is_forgotten(first)
    assert table.to_forget() == [again]
