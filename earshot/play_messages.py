"""Which plays travel together: as many in a message of the queue as it takes."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TypeVar

from earshot.messages import RecordPlays, plain_fields
from earshot.plays import Play

MAX_MESSAGE_BYTES = 200_000
"""SQS takes more (256 KiB for long, 1 MiB since 2025), Lambda 6 MB of all messages that it is woken for."""
_TO_THE_SECOND = len("2026-11-27T10:00:00")
"""Which is what is kept of when a play was taken in."""
_T = TypeVar("_T")


def parts(plays: Iterable[Play]) -> Iterator[tuple[Play, ...]]:
    """The plays, in so many messages as it takes."""
    yield from map(tuple, _cut(plays, lambda play: len(json.dumps(play, default=plain_fields))))


def together(items: Iterable[_T], message_of: Callable[[_T], RecordPlays]) -> Iterator[list[_T]]:
    """Items whose messages can be `merged`, in their order: taken in within the same second, and not too large."""
    for _, of_second in groupby(items, lambda item: message_of(item).accepted_at[:_TO_THE_SECOND]):
        yield from _cut(of_second, lambda item: len(message_of(item).to_json()))


def merged(messages: Sequence[RecordPlays]) -> RecordPlays:
    """One message with the plays of all, which were taken in within the same second."""
    return replace(messages[0], plays=tuple(play for message in messages for play in message.plays))


def _cut(items: Iterable[_T], size_of: Callable[[_T], int]) -> Iterator[list[_T]]:
    part: list[_T] = []
    size = 0
    for item in items:
        own = size_of(item)
        if part and size + own > MAX_MESSAGE_BYTES:
            yield part
            part, size = [], 0
        part.append(item)
        size += own
    if part:
        yield part
