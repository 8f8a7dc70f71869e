"""Compaction and garbage collection: asked for by index_tracks through a queue, done by compact_index."""

import json
from collections.abc import Iterable
from typing import TypedDict

from annoy_service.builder import Builder
from annoy_service.compact import compact
from annoy_service.garbage import collect_garbage
from annoy_service.generations import settle
from annoy_service.index import tell_readers
from annoy_service.services import Services, in_turn
from earshot.errors import InvalidInput


class Message(TypedDict):
    """What is read of a message of the queue."""

    body: str


def keep_up(messages: Iterable[Message], services: Services) -> None:
    """Compact every index for which that is due, or all when a message says ``{"on_demand": true}``; remove garbage.

    Raises:
        InvalidInput: a message is not JSON.
        IndexVersionError: see `annoy_service.compact.compact`; the queue tries again.
    """
    on_demand = [_is_on_demand(message["body"]) for message in messages]

    def tidy(builder: Builder) -> None:
        # and ask for no upkeep: this is it, and its role may not
        tell_readers(compact(builder, on_demand=any(on_demand)), services)

    try:
        settle(services)
        in_turn(services.builders, tidy)
    finally:  # an index that cannot be compacted must not grow on with its garbage too
        collect_garbage(services.leading.store)


def _is_on_demand(body: str) -> bool:
    try:
        return bool(json.loads(body)["on_demand"])
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(f"not a request for upkeep: {body[:200]!r} ({error!r})") from None
