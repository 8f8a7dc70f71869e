"""The version that follows another: a delta on top of it, or a new base. Uploaded, but unseen until published."""

import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from annoy_service.bases import rebuilt, transform_of, upload
from annoy_service.builder import Builder
from earshot.clock import now_iso
from earshot.ids import TrackId
from earshot.index.directory import Directory
from earshot.index.manifest import Manifest, SegmentEntry
from earshot.index.row_sources import FreshRow, FreshRows, MergedRows, RowSource, StoredRows
from earshot.index.write import write_delta

Changes = Mapping[TrackId, FreshRow | None]
"""What the index is to hold of each track; None: nothing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has become of a recipe's index. Nothing is published when it held all of it already."""

    manifest: Manifest | None
    published: bool = False
    added: int = 0
    removed: int = 0
    serves: bool = True
    """Whether readers use this version: not so for a generation beside the one they use."""

    @property
    def changed(self) -> bool:
        """Whether the index held something else before."""
        return bool(self.added or self.removed)

    def in_short(self) -> dict[str, object]:
        """For the log."""
        counts: dict[str, object] = {"added": self.added, "removed": self.removed}
        if self.manifest is None:
            return counts
        return counts | {name: getattr(self.manifest, name) for name in ("version", "recipe", "tracks")}


def following(builder: Builder, old: Manifest | None, changes: Changes) -> Outcome:
    """What comes after `old` when it holds `changes`, not yet named; everything but its manifest is uploaded.

    A shard passes over what belongs to others: one table's stream may feed all of them.
    """
    started = time.perf_counter()
    if old is not None and (shard := old.shard) is not None:
        changes = {track_id: row for track_id, row in changes.items() if shard.owns(track_id)}
    located = Directory(builder.cache, old).locate(changes)
    fresh = [
        row
        for track_id, row in changes.items()
        if row and not (track_id in located and located[track_id].fingerprint == row.fingerprint)
    ]
    gone = [track_id for track_id, row in changes.items() if row is None and track_id in located]
    if not fresh and not gone:
        return Outcome(old)
    dead: dict[int, list[int]] = {}
    for track_id in (*gone, *(row.track_id for row in fresh)):
        if place := located.get(track_id):
            dead.setdefault(place.segment, []).append(place.row)
    entries = old.segments if old else ()
    kept = [entry.with_dead(sorted(dead.get(number, ()))) for number, entry in enumerate(entries)]
    new = _next_version(builder, old, [entry for entry in kept if entry.live], fresh, started)
    return Outcome(new, added=len(fresh), removed=len(gone))


def _next_version(
    builder: Builder,
    old: Manifest | None,
    kept: Sequence[SegmentEntry],
    fresh: Iterable[FreshRow],
    started: float,
) -> Manifest:
    new = FreshRows(fresh, builder.recipe.network.dimensions)
    tracks = sum(entry.live for entry in kept) + len(new.ids)
    if old is None or tracks <= builder.policy.small_catalogue:
        all_rows: list[RowSource] = [*(StoredRows.living(builder.cache, entry) for entry in kept), new]
        return rebuilt(builder, all_rows, started, after=old)
    segments = [*kept]
    if len(new.ids):
        segments, sources = _take_small_deltas(builder, segments, new)
        segments.append(_delta(builder, old, sources))
    return replace(
        old,
        segments=tuple(segments),
        built_at=now_iso(),
        build_s=round(time.perf_counter() - started, 3),
    )


def _take_small_deltas(
    builder: Builder, segments: list[SegmentEntry], new: FreshRows
) -> tuple[list[SegmentEntry], list[RowSource]]:
    """Deltas that are not twice as large as what comes after them go into the new one.

    Each row is rewritten a logarithmic number of times, and the number of deltas stays logarithmic in their rows.
    """
    sources: list[RowSource] = [new]
    merged = len(new.ids)
    while segments and segments[-1].kind == "delta" and segments[-1].live <= 2 * merged:
        entry = segments.pop()
        sources.append(StoredRows.living(builder.cache, entry))
        merged += entry.live
    return segments, sources


def _delta(builder: Builder, old: Manifest, sources: Sequence[RowSource]) -> SegmentEntry:
    transform = transform_of(builder, old)
    with tempfile.TemporaryDirectory(dir=builder.work_dir) as folder:
        delta = write_delta(Path(folder), MergedRows(sources, old.raw_dim), transform)
        upload(builder, delta, Path(folder))
    return delta
