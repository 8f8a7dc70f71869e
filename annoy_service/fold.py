"""Folds changed tracks into the index: a new version costs what changed, and appears all at once or not at all.

The order of side effects is what keeps a kill at any line harmless: immutable objects first (unseen by anybody), then
the pointer (all at once, and only from the version that the fold was computed from), then the announcement (which
readers can do without). Folding the same tracks again finds nothing to change.
"""

import logging
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from annoy_service.build import fit_transform, write_base, write_delta
from annoy_service.directory import Directory
from annoy_service.fit import Model
from annoy_service.rows import FreshRow, FreshRows, Merged, Source, StoredRows
from earshot.errors import IndexRace
from earshot.index.cache import SegmentCache
from earshot.index.manifest import Manifest, SegmentEntry, StoredObject, transform_key
from earshot.index.store import IndexStore
from earshot.index.transform import CatalogueTransform
from earshot.tracks_table import now_iso

SMALL_CATALOGUE = 2_000
"""Up to so many tracks the base is rebuilt at once (half a second): the transform then always fits the catalogue."""
_ATTEMPTS = 10

_log = logging.getLogger(__name__)

Rows = Mapping[str, FreshRow | None]
"""What the index is to hold of each track; None: nothing."""


@dataclass(frozen=True, slots=True)
class Builder:
    """What building needs: the bucket, the local copies of segments, the model to index, and room for files."""

    store: IndexStore
    cache: SegmentCache
    model: Model
    work_dir: Path


@dataclass(frozen=True, slots=True)
class Folded:
    """What a fold came to. `published` is False when the index held all of it already."""

    manifest: Manifest | None
    added: int = 0
    removed: int = 0

    @property
    def published(self) -> bool:
        """Whether the pointer moved."""
        return bool(self.added or self.removed)


def fold(builder: Builder, read: Callable[[], Rows]) -> Folded:
    """Make the index hold what `read` says of some tracks, leaving all others alone.

    `read` is called after the pointer was read, again for each attempt: whoever moved the pointer before had read the
    table before, so that no builder can put an older state of a track on top of a newer one.
    `added` counts new and changed tracks, `removed` those that are gone.

    Raises:
        IndexRace: other builders kept moving the pointer.
        DamagedIndex: the current version cannot be read.
        RecallTooLow: the promotion gate stayed shut.
    """
    for attempt in range(_ATTEMPTS):
        head = builder.store.head()
        manifest = builder.store.manifest(head.pointer) if head else None
        folded = apply(builder, manifest, read())
        if folded.manifest is None or not folded.published:
            return folded
        try:
            publish(builder, folded.manifest, seen=head.etag if head else None)
        except IndexRace:
            _log.info("attempt %d: another builder was first; folding again onto its version", attempt + 1)
        else:
            return folded
    raise IndexRace(f"the index moved {_ATTEMPTS} times while some tracks were folded in")


def apply(builder: Builder, old: Manifest | None, rows: Rows) -> Folded:
    """The version that comes after `old` when it holds `rows`: everything but its manifest is uploaded."""
    started = time.perf_counter()
    located = Directory(builder.cache, old).locate(rows)
    fresh = [
        row
        for track_id, row in rows.items()
        if row and not (track_id in located and located[track_id].fingerprint == row.fingerprint)
    ]
    gone = [track_id for track_id, row in rows.items() if row is None and track_id in located]
    if not fresh and not gone:
        return Folded(old)
    dead: dict[int, list[int]] = {}
    for track_id in (*gone, *(row.track_id for row in fresh)):
        if place := located.get(track_id):
            dead.setdefault(place.segment, []).append(place.row)
    kept = [entry.with_dead(sorted(dead.get(number, ()))) for number, entry in enumerate(old.segments if old else ())]
    new = _next_version(builder, old, [entry for entry in kept if entry.live], fresh, started)
    return Folded(new, added=len(fresh), removed=len(gone))


def publish(builder: Builder, manifest: Manifest, *, seen: str | None) -> None:
    """Store the manifest and move the pointer to it. Its objects must be in the bucket.

    Raises:
        IndexRace: the pointer's ETag is no longer the one `seen`.
    """
    builder.store.move(builder.store.put_manifest(manifest), seen=seen)
    builder.cache.keep_only(entry.id for entry in manifest.segments)


def _next_version(
    builder: Builder,
    old: Manifest | None,
    kept: Sequence[SegmentEntry],
    fresh: Iterable[FreshRow],
    started: float,
) -> Manifest:
    new = FreshRows(fresh, builder.model.raw_dim)
    tracks = sum(entry.live for entry in kept) + len(new.ids)
    if old is None or tracks <= SMALL_CATALOGUE:
        return rebuild(builder, [*(StoredRows.living(builder.cache, entry) for entry in kept), new], started)
    segments = [*kept]
    sources: list[Source] = [new]
    merged = len(new.ids)
    while merged and segments and segments[-1].kind == "delta" and segments[-1].live <= 2 * merged:
        entry = segments.pop()
        sources.append(StoredRows.living(builder.cache, entry))
        merged += entry.live
    if merged:
        transform = CatalogueTransform.from_bytes(builder.store.read(old.transform_key, old.transform))
        with tempfile.TemporaryDirectory(dir=builder.work_dir) as folder:
            delta = write_delta(Path(folder), Merged(sources, builder.model.raw_dim), transform)
            _upload(builder, delta, Path(folder))
        segments.append(delta)
    return Manifest(
        model=old.model,
        raw_dim=old.raw_dim,
        dim=old.dim,
        segments=tuple(segments),
        transform=old.transform,
        built_at=now_iso(),
        n_trees=old.n_trees,
        search_k=old.search_k,
        recall=old.recall,
        build_s=round(time.perf_counter() - started, 3),
    ).named()


def rebuild(builder: Builder, sources: Sequence[Source], started: float) -> Manifest:
    """A version that consists of one new base; everything but its manifest is uploaded.

    Raises:
        RecallTooLow: the promotion gate stayed shut.
    """
    rows = Merged(sources, builder.model.raw_dim)
    transform = fit_transform(builder.model, rows)
    with tempfile.TemporaryDirectory(dir=builder.work_dir) as folder:
        base, annoy = write_base(Path(folder), rows, transform)
        _upload(builder, base, Path(folder))
    return Manifest(
        model=builder.model.name,
        raw_dim=transform.raw_dim,
        dim=transform.dim,
        segments=(base,) if len(rows) else (),
        transform=_put_transform(builder, transform),
        built_at=now_iso(),
        n_trees=annoy.n_trees,
        search_k=annoy.search_k,
        recall=annoy.recall,
        build_s=round(time.perf_counter() - started, 3),
    ).named()


def _upload(builder: Builder, entry: SegmentEntry, folder: Path) -> None:
    for name in entry.objects:
        builder.store.upload(entry.key(name), folder / name)
    builder.cache.adopt(entry, folder)


def _put_transform(builder: Builder, transform: CatalogueTransform) -> StoredObject:
    body = transform.to_bytes()
    return builder.store.put(transform_key(StoredObject.of(body)), body)
