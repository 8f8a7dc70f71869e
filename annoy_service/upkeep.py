"""Compaction and garbage collection: asked for by index_tracks through a queue, done by compact_index."""

from collections.abc import Iterable

from annoy_service.builder import Builder
from annoy_service.compact import compact
from annoy_service.garbage import collect_garbage
from annoy_service.generations import settle
from annoy_service.index import tell_readers
from annoy_service.services import Services, in_turn
from earshot.messages import KeepUp


def keep_up(asked: Iterable[KeepUp], services: Services) -> None:
    """Compact every index for which that is due, or all if that was asked for; remove garbage.

    Raises:
        IndexVersionError: see `annoy_service.compact.compact`; the queue tries again.
    """
    on_demand = any(message.on_demand for message in asked)

    def tidy(builder: Builder) -> None:
        # and ask for no upkeep: this is it, and its role may not
        tell_readers(compact(builder, on_demand=on_demand), services)

    try:
        settle(services)
        in_turn(services.builders, tidy)
    finally:  # an index that cannot be compacted must not grow on with its garbage too
        collect_garbage(services.leading.store)
