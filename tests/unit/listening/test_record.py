"""Plays that are taken in are kept: once, with their tracks, and not those of who asked to be forgotten."""

from dataclasses import replace
from typing import Any
from unittest.mock import Mock, patch

import pytest

from earshot.ids import TrackId
from earshot.plays import ListenerId
from earshot.stores.listeners_table import ListenersTable
from tests.unit.listening.world import ANA, BEN, World, message, play


def test_a_play_is_in_the_lake_by_its_day_and_in_the_listeners_recent_ones(world: World) -> None:
    world.record.run([message(play(1), play(2, days_ago=3)), message(play(1, BEN))])
    assert [found.day for found in world.objects()] == sorted({play(1).day, play(2, days_ago=3).day})
    assert {(kept.listener, kept.title) for kept in world.kept()} == {(ANA, "Song 1"), (ANA, "Song 2"), (BEN, "Song 1")}
    assert [recent.title for recent in world.stage.listeners.recent(ANA, 9)] == ["Song 1", "Song 2"]


def test_a_message_that_comes_twice_changes_nothing(world: World) -> None:
    first = message(play(1), play(2))
    world.record.run([first])
    before = world.objects()
    world.record.run([first])
    assert [found.key for found in world.objects()] == [found.key for found in before]
    assert len(world.stage.listeners.recent(ANA, 9)) == 2


def test_a_play_that_is_in_two_messages_is_kept_once(world: World) -> None:
    one = play(1)
    world.record.run([message(one), message(replace(one, title="song 1"), play(2))])
    assert len(world.kept()) == 2


def test_a_play_has_the_track_that_its_names_lead_to(world: World) -> None:
    track = world.register(1)
    world.record.run([message(play(1), play(2))])
    assert {kept.title: kept.track_id for kept in world.kept()} == {"Song 1": track, "Song 2": None}
    assert world.stage.listeners.recent(ANA, 9)[-1].track_id == track


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"mbid": "4d2f2d4e-0000-4000-8000-000000000001"}, {"title": "Anything", "artists": ("Else",)}),
        ({"isrc": "FRZ039800212"}, {"album": "Another"}),
        ({}, {"title": "Song 1 (Remastered 2011)", "artists": ("ANA MOREAU",)}),
    ],
)
def test_codes_come_before_names_and_the_one_rule_of_the_same_recording_holds(
    world: World, known: dict[str, Any], said: dict[str, Any]
) -> None:
    track = world.register(1, **known)
    world.record.run([message(play(1, **known, **said))])
    assert world.kept()[0].track_id == track


def test_a_song_of_another_length_is_another_recording(world: World) -> None:
    world.register(1)
    world.record.run([message(play(1, duration_ms=320_000))])
    assert world.kept()[0].track_id is None


def test_the_track_that_the_player_names_needs_no_look_at_names(world: World) -> None:
    track = world.register(1)
    with patch.object(world.stage.account.dynamodb, "query", side_effect=AssertionError("a query for names")):
        world.record.run([message(play(9, named_id=track))])
    assert world.kept()[0].track_id == track


def test_a_song_that_is_played_again_and_again_is_looked_for_once(world: World) -> None:
    world.register(1)
    asked = []
    find = world.record.matching._matching.songs.find

    def counting(info: Any) -> list[TrackId]:
        asked.append(info.title)
        return find(info)

    with patch.object(type(world.record.matching._matching.songs), "find", lambda _, info: counting(info)):
        for days_ago in (1, 2):
            plays = [replace(play(1, days_ago=days_ago), listened_at=play(minute).listened_at) for minute in range(5)]
            world.record.run([message(*plays)])
    assert asked == ["Song 1"]


def test_what_was_taken_in_before_its_listener_asked_to_be_forgotten_is_not_kept(world: World) -> None:
    world.stage.listeners.forget(ANA)
    later = play(3)
    world.record.run([message(play(1), play(1, BEN), minutes_ago=5), message(later, minutes_ago=-1)])
    assert {(kept.listener, kept.title) for kept in world.kept()} == {(BEN, "Song 1"), (ANA, "Song 3")}
    assert [recent.title for recent in world.stage.listeners.recent(ANA, 9)] == ["Song 3"]


def test_what_was_sent_again_after_they_asked_is_kept(world: World) -> None:
    world.stage.listeners.forget(ANA)
    world.record.run([message(play(1), minutes_ago=5), message(play(1), minutes_ago=-1)])
    assert len(world.kept()) == 1


def test_who_asks_while_their_plays_are_being_written_has_none_in_the_table(world: World) -> None:
    note = ListenersTable.note_plays

    def asks_meanwhile(table: ListenersTable, plays: Any) -> None:
        plays = list(plays)
        table.forget(ANA)
        note(table, plays)

    with patch.object(ListenersTable, "note_plays", asks_meanwhile):
        world.record.run([message(play(1), play(1, BEN), minutes_ago=1)])
    assert list(world.stage.listeners.everything(ANA)) == []
    assert len(world.stage.listeners.recent(BEN, 9)) == 1


_FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"listened_at": 5}, "listened_at"),
    ({"listened_at": 5_000_000_000}, "listened_at"),
    ({"title": "\ud800 secret"}, "text"),
    ({"artists": ("secret\0",)}, "text"),
    ({"client": "secret" * 5_000}, "text"),
    ({"duration_ms": -1}, "duration"),
    ({"played_ms": 1 << 40}, "duration"),
    ({"title": "", "artists": ("secret",)}, "nothing named"),
    ({"listener": ListenerId("secret listener!")}, "listener"),
]


def test_a_play_that_cannot_be_kept_holds_up_no_other_and_the_log_tells_neither_who_nor_what(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = Mock()
    monkeypatch.setattr("listening.record.logger", lambda: logger)
    taken = message(*(replace(play(1, title="secret song"), **said) for said, _ in _FAULTS), play(2))
    world.record.run([taken])
    assert [kept.title for kept in world.kept()] == ["Song 2"]
    assert [call.kwargs for call in logger.error.call_args_list] == [
        {"accepted_at": taken.accepted_at, "number": number, "fault": fault}
        for number, (_, fault) in enumerate(_FAULTS)
    ]
