"""Makes the index agree with the table on some tracks: those of a stream batch, or those that a repair found."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit

from annoy_service.bootstrap import Services
from annoy_service.changes import Wanted, named_in, read_wanted
from annoy_service.fold import Folded, Rows, fold
from annoy_service.generations import put_into_service
from earshot.messages import IndexPublished, TrackNotIndexed
from earshot.telemetry import emit

_log = Logger(service="annoy_service")


@dataclass(frozen=True, slots=True)
class Agreement:
    """What it took to make index and table agree, and the tracks whose items could not be read (with the reason)."""

    added: int
    removed: int
    unreadable: Mapping[str, str]


def index_batch(records: Iterable[Mapping[str, Any]], services: Services) -> list[str]:
    """Index the tracks that a batch of the table's stream names.

    A track whose item cannot be read is parked under its id, so that the stream goes on behind it.

    Returns:
        The sequence numbers of the records that name no track.
    """
    records = list(records)
    named = named_in(records)
    agreement = agree(named.tracks.keys(), services)
    _report(records, named.tracks.keys() - agreement.unreadable.keys())
    for track_id, reason in agreement.unreadable.items():
        services.park(TrackNotIndexed(track_id, reason))
    return named.nameless


def _report(records: Collection[Mapping[str, Any]], indexed: Iterable[str]) -> None:
    """One line per track, and how long the oldest change of the batch took from the table into the index."""
    for track_id in indexed:
        _log.info("in the index", correlation_id=track_id)
    written = [float(at) for record in records if (at := record.get("dynamodb", {}).get("ApproximateCreationDateTime"))]
    if written:
        emit("IndexFreshnessSeconds", max(0.0, time.time() - min(written)), MetricUnit.Seconds)


def agree(track_ids: Collection[str], services: Services) -> Agreement:
    """Make the index hold of `track_ids` what the table holds, and announce the version that comes of it.

    Raises:
        IndexRace: other builders kept moving the pointer.
        DamagedIndex: the current version cannot be read; see `annoy_service.repair`.
        RecallTooLow: the promotion gate stayed shut.
    """
    if not track_ids:
        return Agreement(0, 0, {})
    read = Wanted({}, {})

    def rows() -> Rows:
        nonlocal read
        read = read_wanted(track_ids, services.table, services.builder.model)
        return read.rows

    folded = fold(services.builder, rows)
    announce(folded, services)
    if not folded.serves:
        _keep_serving(rows, services)
    return Agreement(folded.added, folded.removed, read.unreadable)


def _keep_serving(rows: Callable[[], Rows], services: Services) -> None:
    """While another model's index serves: take from it what is gone, and replace it once the new one covers it."""
    serving = services.builder.store.head()
    if serving is not None and serving.pointer.model != services.builder.model.name:
        old = services.builder_of(serving.pointer.model)
        announce(fold(old, lambda: {track_id: None for track_id, row in rows().items() if row is None}), services)
    announce(put_into_service(services.builder), services)


def announce(folded: Folded, services: Services) -> None:
    """Tell readers of a version that was published, and ask for upkeep where it is due."""
    tell_readers(folded, services)
    if folded.manifest is not None and folded.published:
        services.upkeep.after(folded.manifest)


def tell_readers(folded: Folded, services: Services) -> None:
    """Announce a version that was published. A reader that is never told polls the pointer anyway."""
    manifest = folded.manifest
    if manifest is None or not folded.published:
        return
    _log.info("index version %s of %s: %d tracks", manifest.version, manifest.model, manifest.tracks)
    emit("IndexedTracks", manifest.tracks)
    if not folded.serves:
        return
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
