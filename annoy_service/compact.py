"""Compaction: one new base from all living rows, the catalogue transform fitted again, dead rows gone.

Where all rows are more than one compaction can hold, the most worn segments become one base, and the transform and the
other bases stay (docs/adr/0033). It takes minutes where a fold takes a second, so folds go on meanwhile. What they
changed is read from their version at the end and put on top as deltas; only then does the pointer move.
"""

import time
from collections.abc import Callable
from dataclasses import replace

from annoy_service.bases import melted, rebuilt
from annoy_service.builder import Builder
from annoy_service.fold import ATTEMPTS, in_portions
from annoy_service.pointers import manifest_at, position, publish
from annoy_service.policy import compaction_due, to_melt
from annoy_service.version import Changes, Outcome, following
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
    chosen = to_melt(before, builder.policy)
    if not chosen:
        return Outcome(before)
    if chosen == before.segments:
        rows = [StoredRows.living(builder.cache, entry) for entry in chosen]
        compacted = rebuilt(builder, rows, started, after=before)
    else:
        compacted = melted(builder, before, chosen, started)
    outcome = put_in_place(builder, compacted, before, unless=lambda after: after.base_ids != before.base_ids)
    if outcome.published:
        seconds = round(time.perf_counter() - started, 1)
        _log.info("compacted", seconds=seconds, segments=len(chosen), extra=outcome.in_short())
    return outcome


def put_in_place(
    builder: Builder, new: Manifest, before: Manifest | None, *, unless: Callable[[Manifest], bool]
) -> Outcome:
    """Publish `new`, made from the tracks of `before`, with what has changed since; or the version there is now, where
    that makes it needless.

    Raises:
        IndexRace: other builders kept moving the pointer.
        DamagedIndex: the current version cannot be read.
    """
    for _ in range(ATTEMPTS):
        now = position(builder)
        after = manifest_at(builder, now)
        if before is not None and (after is None or unless(after)):
            _log.info("another build was first; this one is not needed any more", recipe=builder.recipe.name)
            return Outcome(after)
        try:
            published = publish(builder, _carry_over(builder, before, after, onto=new), now)
        except IndexRace:
            continue
        return Outcome(published, published=True, serves=now.serves)
    raise IndexRace(f"the index moved {ATTEMPTS} times while a new version was put in its place")


def _carry_over(builder: Builder, before: Manifest | None, after: Manifest | None, *, onto: Manifest) -> Manifest:
    """`onto`, made from the tracks of `before`, with what `after` holds differently."""
    if after is None or (before and after.version == before.version):
        return onto
    nothing = replace(after, segments=())
    for track_ids in in_portions(changed_between(builder.cache, before or nothing, after)):
        onto = following(builder, onto, _contents(builder, after, track_ids)).manifest or onto
    return onto


def _contents(builder: Builder, manifest: Manifest, track_ids: list[TrackId]) -> Changes:
    """What `manifest` holds of these tracks."""
    located = Directory(builder.cache, manifest).locate(track_ids)
    rows: dict[TrackId, FreshRow | None] = dict.fromkeys(track_ids)
    for number, entry in enumerate(manifest.segments):
        here = sorted((place.row, track_id) for track_id, place in located.items() if place.segment == number)
        stored = StoredRows.at(builder.cache, entry, [row for row, _ in here])
        for (_, track_id), line, raw in zip(here, stored.all_lines(), stored.all_raw(), strict=True):
            rows[track_id] = FreshRow(track_id, line, raw.tobytes())
    return rows
