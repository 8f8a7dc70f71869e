"""Which plays travel in one message."""

from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.clock import Timestamp
from earshot.messages import RecordPlays
from earshot.play_messages import MAX_MESSAGE_BYTES, merged, parts, together
from earshot.plays import ListenerId, Play

_SECONDS = [Timestamp(f"2026-11-27T10:00:0{second}.000000Z") for second in range(3)]
_SIZES = st.integers(1, 120_000)


def _message(number: int, letters: int, second: int = 0) -> RecordPlays:
    accepted_at = Timestamp(f"2026-11-27T10:00:0{second}.{number:06}Z")
    return RecordPlays((Play(ListenerId(f"{number:016x}"), 1_700_000_000, title="o" * letters),), accepted_at)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(_SIZES, st.integers(0, 2)), max_size=8))
def test_every_play_is_in_one_message_with_its_own_time_and_no_message_is_too_large(
    given_: list[tuple[int, int]],
) -> None:
    messages = [_message(number, size, second) for number, (size, second) in enumerate(given_)]
    sent = [merged(group) for group in together(messages, lambda message: message)]
    found = [(play, message.accepted_at[:19]) for message in sent for play in message.plays]
    assert found == [(message.plays[0], message.accepted_at[:19]) for message in messages]
    assert all(len(message.to_json()) <= MAX_MESSAGE_BYTES for message in sent)
    assert all(RecordPlays.from_json(message.to_json()) == message for message in sent)


@settings(max_examples=30, deadline=None)
@given(st.lists(_SIZES, max_size=8))
def test_plays_of_one_request_are_cut_where_a_message_is_full(sizes: list[int]) -> None:
    plays = [_message(number, size).plays[0] for number, size in enumerate(sizes)]
    cut = list(parts(plays))
    assert [play for part in cut for play in part] == plays
    assert all(len(RecordPlays(part, _SECONDS[0]).to_json()) <= 256_000 for part in cut)
    assert len(cut) <= 1 + sum(sizes) // (MAX_MESSAGE_BYTES // 2)


def test_what_was_taken_in_within_a_second_is_one_message() -> None:
    messages = [_message(number, 100) for number in range(50)]
    assert [len(group) for group in together(messages, lambda message: message)] == [50]


def test_a_play_that_is_larger_than_a_message_travels_alone() -> None:
    assert [len(part) for part in parts([_message(n, 300_000).plays[0] for n in range(2)])] == [1, 1]
