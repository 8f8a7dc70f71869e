"""What happens to a batch of the tracks table's stream."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from annoy_service.bootstrap import Services
from annoy_service.changes import changes_in
from annoy_service.fold import Folded, fold
from earshot.messages import IndexPublished

_log = logging.getLogger(__name__)


def index_batch(records: Iterable[Mapping[str, Any]], services: Services) -> list[str]:
    """Fold what the records announce into the index and announce the version that comes of it.

    Returns:
        The sequence numbers of records that could not be indexed.
    """
    changes = changes_in(records, services.table, services.builder.model)
    if changes.wanted:
        announce(fold(services.builder, changes.wanted), services)
    return changes.poisoned


def announce(folded: Folded, services: Services) -> None:
    """Tell readers of a version that was published. One that is never told polls the pointer anyway."""
    manifest = folded.manifest
    if manifest is None or not folded.published:
        return
    _log.info("index version %s: %d tracks", manifest.version, manifest.tracks)
    services.announce(
        IndexPublished(
            version=manifest.version,
            tracks=manifest.tracks,
            added=folded.added,
            removed=folded.removed,
            model=manifest.model,
            built_at=manifest.built_at,
        )
    )
