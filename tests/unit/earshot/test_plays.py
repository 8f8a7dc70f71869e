"""What a play is, and what makes two of them the same."""

from dataclasses import replace
from datetime import date

import pytest

from earshot.clock import Timestamp
from earshot.ids import TrackId
from earshot.messages import RecordPlays
from earshot.plays import ListenerId, Play, listener_of, unique

PLAY = Play(
    ListenerId("0123456789abcdef"), 1_700_000_000, "Une fille", ("Ana Moreau", "B"), "Album", isrc="FR1234567890"
)


def test_a_listener_is_told_by_the_digest_of_a_key_and_leads_back_to_neither() -> None:
    listener = listener_of("AB" * 32)
    assert listener == listener_of("ab" * 32)
    assert len(listener) == 16
    assert listener not in "ab" * 32
    assert listener != listener_of("ac" * 32)


@pytest.mark.parametrize(
    ("said", "is_skip"),
    [
        ({}, False),
        ({"skipped": True, "played_ms": 200_000}, True),
        ({"skipped": False, "played_ms": 1}, False),
        ({"played_ms": 29_999}, True),
        ({"played_ms": 30_000}, False),
        ({"played_ms": 20_000, "duration_ms": 40_000}, False),
        ({"played_ms": 19_999, "duration_ms": 40_000}, True),
    ],
)
def test_what_was_left_early_is_a_skip(said: dict[str, int | bool], is_skip: bool) -> None:
    assert replace(PLAY, **said).is_skip is is_skip  # type: ignore[arg-type]


def test_a_play_is_the_same_however_it_is_written_and_whatever_it_was_matched_to() -> None:
    again = replace(PLAY, title="UNE  FILLE", track_id=TrackId("deezer:1"), album="", accepted_at=1)
    assert again.key == PLAY.key


@pytest.mark.parametrize("other", [{"title": "Une autre"}, {"artists": ("C",)}, {"listened_at": 1_700_000_001}])
def test_another_song_or_another_time_is_another_play(other: dict[str, str]) -> None:
    assert replace(PLAY, **other).key != PLAY.key  # type: ignore[arg-type]


def test_what_has_no_title_is_told_by_the_track_that_the_player_named() -> None:
    untitled = replace(PLAY, title="", named_id=TrackId("deezer:1"))
    assert untitled.song != replace(untitled, named_id=TrackId("deezer:2")).song


def test_the_day_of_a_play_is_that_of_greenwich() -> None:
    assert replace(PLAY, listened_at=1_700_006_399).day == date(2023, 11, 14)
    assert replace(PLAY, listened_at=1_700_006_400).day == date(2023, 11, 15)


def test_of_two_that_are_the_same_the_matched_one_stays_in_the_place_of_the_first() -> None:
    matched = replace(PLAY, track_id=TrackId("deezer:1"))
    other = replace(PLAY, listener=ListenerId("f" * 16))
    assert unique([PLAY, other, matched, PLAY]) == [matched, other]


def test_a_message_of_plays_survives_its_way() -> None:
    message = RecordPlays((PLAY, replace(PLAY, title="B")), Timestamp("2026-11-20T07:00:00.000000Z"))
    assert RecordPlays.from_json(message.to_json()) == message
