"""Compaction: one new base from all living rows, the catalogue transform fitted again, dead rows gone.

It takes minutes where a fold takes a second, so folds go on meanwhile. What they changed is read from their version at
the end and put on top of the new base as a delta; only then does the pointer move.
"""

import logging
import time

from annoy_service.directory import Directory, changed_between
from annoy_service.fold import ATTEMPTS, Builder, Folded, Rows, apply, manifest_at, position, publish, rebuild
from annoy_service.policy import compaction_due
from annoy_service.rows import FreshRow, StoredRows
from earshot.errors import IndexRace
from earshot.index.manifest import Manifest

_log = logging.getLogger(__name__)


def compact(builder: Builder, *, on_demand: bool = False) -> Folded:
    """Compact the newest version when that is due, or `on_demand`.

    Raises:
        IndexRace: other builders kept moving the pointer.
        DamagedIndex: the current version cannot be read.
        RecallTooLow: the promotion gate stayed shut; the version with its deltas stays.
    """
    started = time.perf_counter()
    place = position(builder)
    before = manifest_at(builder, place)
    if before is None or not before.tracks or not (on_demand or compaction_due(before, builder.policy)):
        return Folded(before)
    sources = [StoredRows.living(builder.cache, entry) for entry in before.segments]
    compacted = rebuild(builder, sources, started)
    for _ in range(ATTEMPTS):
        now = position(builder)
        after = manifest_at(builder, now)
        if after is None or _base_id(after) != _base_id(before):
            _log.info("another compaction was first; this one is not needed any more")
            return Folded(after)
        new = carry_over(builder, before, after, onto=compacted)
        try:
            published = publish(builder, new, now)
        except IndexRace:
            continue
        _log.info("compacted %d tracks in %.1f s", published.tracks, time.perf_counter() - started)
        return Folded(published, published=True, serves=now.serves)
    raise IndexRace(f"the index moved {ATTEMPTS} times while it was compacted")


def carry_over(builder: Builder, before: Manifest, after: Manifest, *, onto: Manifest) -> Manifest:
    """`onto`, made from the tracks of `before`, with what `after` changed since."""
    if after.version == before.version:
        return onto
    rows = _rows_of(builder, after, changed_between(builder.cache, before, after))
    return apply(builder, onto, rows).manifest or onto


def _rows_of(builder: Builder, manifest: Manifest, track_ids: list[str]) -> Rows:
    """What `manifest` holds of these tracks."""
    located = Directory(builder.cache, manifest).locate(track_ids)
    rows: dict[str, FreshRow | None] = dict.fromkeys(track_ids)
    for number, entry in enumerate(manifest.segments):
        here = sorted((place.row, track_id) for track_id, place in located.items() if place.segment == number)
        stored = StoredRows.at(builder.cache, entry, [row for row, _ in here])
        for (_, track_id), line, raw in zip(here, stored.all_lines(), stored.all_raw(), strict=True):
            rows[track_id] = FreshRow(track_id, line, raw.tobytes())
    return rows


def _base_id(manifest: Manifest) -> str | None:
    return manifest.base.id if manifest.base else None
