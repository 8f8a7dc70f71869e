"""Compaction and garbage collection: asked for by index_tracks through a queue, done by compact_index."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from annoy_service.bootstrap import Services
from annoy_service.compact import compact
from annoy_service.garbage import collect_garbage
from annoy_service.index import tell_readers
from earshot.errors import InvalidInput


def keep_up(records: Iterable[Mapping[str, Any]], services: Services) -> None:
    """Compact the index when that is due or a message says ``{"on_demand": true}``, then remove garbage.

    Raises:
        InvalidInput: a message is not JSON.
        IndexVersionError: see `annoy_service.compact.compact`; the queue tries again.
    """
    on_demand = [_is_on_demand(record["body"]) for record in records]
    folded = compact(services.builder, on_demand=any(on_demand))
    tell_readers(folded, services)  # and ask for no upkeep: this is it, and its role may not
    collect_garbage(services.builder.store)


def _is_on_demand(body: str) -> bool:
    try:
        return bool(json.loads(body)["on_demand"])
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(f"not a request for upkeep: {body[:200]!r} ({error!r})") from None
