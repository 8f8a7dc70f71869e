"""Compaction: one new base from all living rows, the catalogue transform fitted again, dead rows gone.

It takes minutes where a fold takes a second, so folds go on meanwhile. What they changed is read from their version at
the end and put on top of the new base as a delta; only then does the pointer move.
"""

import time

from annoy_service.builder import Builder
from annoy_service.fold import ATTEMPTS
from annoy_service.pointers import manifest_at, position, publish
from annoy_service.policy import compaction_due
from annoy_service.version import Changes, Outcome, following, rebuilt
from earshot.errors import IndexRace
from earshot.ids import TrackId
from earshot.index.directory import Directory, changed_between
from earshot.index.manifest import Manifest
from earshot.index.row_sources import FreshRow, StoredRows
from earshot.telemetry import logger

_log = logger()


def compact(builder: Builder, *, on_demand: bool = False) -> Outcome:
    """Compact the newest version when that is due, or `on_demand`.

    Raises:
        IndexRace: other builders kept moving the pointer.
        DamagedIndex: the current version cannot be read.
        RecallTooLow: the promotion gate stayed shut; the version with its deltas stays.
    """
    started = time.perf_counter()
    before = manifest_at(builder, position(builder))
    if before is None or not before.tracks or not (on_demand or compaction_due(before, builder.policy)):
        return Outcome(before)
    compacted = rebuilt(builder, [StoredRows.living(builder.cache, entry) for entry in before.segments], started)
    for _ in range(ATTEMPTS):
        now = position(builder)
        after = manifest_at(builder, now)
        if after is None or after.base_ids != before.base_ids:
            _log.info("another compaction was first; this one is not needed any more", recipe=builder.recipe.name)
            return Outcome(after)
        new = _carry_over(builder, before, after, onto=compacted)
        try:
            published = publish(builder, new, now)
        except IndexRace:
            continue
        outcome = Outcome(published, published=True, serves=now.serves)
        _log.info("compacted", seconds=round(time.perf_counter() - started, 1), extra=outcome.in_short())
        return outcome
    raise IndexRace(f"the index moved {ATTEMPTS} times while it was compacted")


def _carry_over(builder: Builder, before: Manifest, after: Manifest, *, onto: Manifest) -> Manifest:
    """`onto`, made from the tracks of `before`, with what `after` changed since."""
    if after.version == before.version:
        return onto
    changes = _changes_of(builder, after, changed_between(builder.cache, before, after))
    return following(builder, onto, changes).manifest or onto


def _changes_of(builder: Builder, manifest: Manifest, track_ids: list[TrackId]) -> Changes:
    """What `manifest` holds of these tracks."""
    located = Directory(builder.cache, manifest).locate(track_ids)
    rows: dict[TrackId, FreshRow | None] = dict.fromkeys(track_ids)
    for number, entry in enumerate(manifest.segments):
        here = sorted((place.row, track_id) for track_id, place in located.items() if place.segment == number)
        stored = StoredRows.at(builder.cache, entry, [row for row, _ in here])
        for (_, track_id), line, raw in zip(here, stored.all_lines(), stored.all_raw(), strict=True):
            rows[track_id] = FreshRow(track_id, line, raw.tobytes())
    return rows
