"""Folds changed tracks into the index: a new version costs what changed, and appears all at once or not at all.

The order of side effects is what keeps a kill at any line harmless: immutable objects first (unseen by anybody), then
the pointer (all at once, and only from the version that the fold was computed from), then the announcement (which
readers can do without). Folding the same tracks again finds nothing to change.
"""

import logging
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from annoy_service.build import fit_transform, write_base, write_delta
from annoy_service.directory import Directory
from annoy_service.fit import Model
from annoy_service.policy import Policy
from annoy_service.rows import FreshRow, FreshRows, Merged, Source, StoredRows
from earshot.errors import IndexRace
from earshot.index.cache import SegmentCache
from earshot.index.manifest import POINTER_KEY, Manifest, SegmentEntry, StoredObject, generation_key, transform_key
from earshot.index.store import Head, IndexStore
from earshot.index.transform import CatalogueTransform
from earshot.tracks_table import now_iso

ATTEMPTS = 10

_log = logging.getLogger(__name__)

Rows = Mapping[str, FreshRow | None]
"""What the index is to hold of each track; None: nothing."""


@dataclass(frozen=True, slots=True)
class Builder:
    """What building needs: the bucket, local copies of segments, the model to index, room for files, thresholds."""

    store: IndexStore
    cache: SegmentCache
    model: Model
    work_dir: Path
    policy: Policy = field(default_factory=Policy)


@dataclass(frozen=True, slots=True)
class Position:
    """Where the model's newest version is named: `key` is that of its pointer, `head` what it says (None: nothing)."""

    key: str
    head: Head | None

    @property
    def etag(self) -> str | None:
        """What whoever moves the pointer must have seen."""
        return self.head.etag if self.head else None

    @property
    def serves(self) -> bool:
        """Whether readers use it; otherwise it is a generation that is being built beside the one they use."""
        return self.key == POINTER_KEY


@dataclass(frozen=True, slots=True)
class Folded:
    """What a fold came to. Nothing is published when the index held all of it already."""

    manifest: Manifest | None
    published: bool = False
    added: int = 0
    removed: int = 0
    serves: bool = True
    """Whether readers use this version: not so for a generation that is still being built."""

    @property
    def changed(self) -> bool:
        """Whether the index held something else before."""
        return bool(self.added or self.removed)


def position(builder: Builder) -> Position:
    """The pointer to the newest version of the builder's model: the one readers use, or that of a generation.

    Raises:
        DamagedIndex: the pointer that readers use is none, or names another model than its manifest.
    """
    serving = builder.store.head()
    if serving is None or serving.pointer.model == builder.model.name:
        return Position(POINTER_KEY, serving)
    builder.store.manifest(serving.pointer)  # a generation is begun only where another model really serves
    key = generation_key(builder.model.name)
    return Position(key, builder.store.head(key))


def manifest_at(builder: Builder, place: Position) -> Manifest | None:
    """The version that a pointer names.

    Raises:
        DamagedIndex: it cannot be read.
    """
    return builder.store.manifest(place.head.pointer) if place.head else None


def fold(builder: Builder, read: Callable[[], Rows]) -> Folded:
    """Make the index hold what `read` says of some tracks, leaving all others alone.

    `read` is called after the pointer was read, again for each attempt: whoever moved the pointer before had read the
    table before, so that no builder can put an older state of a track on top of a newer one. It is called once more
    after publication: another builder may have been told of a change meanwhile and have found, in the version before
    this one, nothing to do. `added` counts new and changed tracks, `removed` those that are gone.

    Raises:
        IndexRace: other builders kept moving the pointer.
        DamagedIndex: the current version cannot be read.
        RecallTooLow: the promotion gate stayed shut.
    """
    last: Folded | None = None
    for attempt in range(ATTEMPTS):
        place = position(builder)
        rows = read()
        folded = replace(apply(builder, manifest_at(builder, place), rows), serves=place.serves)
        if folded.manifest is None or not folded.changed:
            return last or folded
        try:
            last = replace(folded, manifest=publish(builder, folded.manifest, place), published=True)
        except IndexRace:
            _log.info("attempt %d: another builder was first; folding again onto its version", attempt + 1)
        else:
            if read() == rows:
                return last
            _log.info("attempt %d: the tracks have changed meanwhile; folding again", attempt + 1)
    raise IndexRace(f"the index moved {ATTEMPTS} times while some tracks were folded in")


def apply(builder: Builder, old: Manifest | None, rows: Rows) -> Folded:
    """What comes after `old` when it holds `rows`, not yet named; everything but its manifest is uploaded."""
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
    entries = old.segments if old else ()
    kept = [entry.with_dead(sorted(dead.get(number, ()))) for number, entry in enumerate(entries)]
    new = _next_version(builder, old, [entry for entry in kept if entry.live], fresh, started)
    return Folded(new, added=len(fresh), removed=len(gone))


def publish(builder: Builder, manifest: Manifest, place: Position) -> Manifest:
    """Name the version, store its manifest and move the pointer from `place` to it. Its objects must be in the bucket.

    Raises:
        IndexRace: the pointer has moved; or the generation went into service meanwhile.
    """
    manifest = replace(manifest, previous=place.head.pointer.version if place.head else "").named()
    builder.store.move(builder.store.put_manifest(manifest), key=place.key, seen=place.etag)
    builder.cache.keep_only(entry.id for entry in manifest.segments)
    if not place.serves and position(builder).serves:
        raise IndexRace(f"generation {manifest.model} went into service while version {manifest.version} was built")
    return manifest


def _next_version(
    builder: Builder,
    old: Manifest | None,
    kept: Sequence[SegmentEntry],
    fresh: Iterable[FreshRow],
    started: float,
) -> Manifest:
    new = FreshRows(fresh, builder.model.raw_dim)
    tracks = sum(entry.live for entry in kept) + len(new.ids)
    if old is None or tracks <= builder.policy.small_catalogue:
        all_rows: list[Source] = [*(StoredRows.living(builder.cache, entry) for entry in kept), new]
        return rebuild(builder, all_rows, started)
    segments = [*kept]
    if len(new.ids):
        segments, sources = _take_small_deltas(builder, segments, new)
        transform = CatalogueTransform.from_bytes(builder.store.read(old.transform_key, old.transform))
        with tempfile.TemporaryDirectory(dir=builder.work_dir) as folder:
            delta = write_delta(Path(folder), Merged(sources, builder.model.raw_dim), transform)
            _upload(builder, delta, Path(folder))
        segments.append(delta)
    return replace(
        old,
        segments=tuple(segments),
        built_at=now_iso(),
        build_s=round(time.perf_counter() - started, 3),
    )


def _take_small_deltas(
    builder: Builder, segments: list[SegmentEntry], new: FreshRows
) -> tuple[list[SegmentEntry], list[Source]]:
    """Deltas that are not twice as large as what comes after them go into the new one.

    Each row is rewritten a logarithmic number of times, and the number of deltas stays logarithmic in their rows.
    """
    sources: list[Source] = [new]
    merged = len(new.ids)
    while segments and segments[-1].kind == "delta" and segments[-1].live <= 2 * merged:
        entry = segments.pop()
        sources.append(StoredRows.living(builder.cache, entry))
        merged += entry.live
    return segments, sources


def rebuild(builder: Builder, sources: Sequence[Source], started: float) -> Manifest:
    """A version that consists of one new base, not yet named; everything but its manifest is uploaded.

    Raises:
        RecallTooLow: the promotion gate stayed shut.
    """
    rows = Merged(sources, builder.model.raw_dim)
    transform = fit_transform(builder.model, rows)
    with tempfile.TemporaryDirectory(dir=builder.work_dir) as folder:
        base, annoy = write_base(Path(folder), rows, transform)
        if len(rows):
            _upload(builder, base, Path(folder))
    body = transform.to_bytes()
    stored = StoredObject.of(body)
    builder.store.put(transform_key(stored), body)
    return Manifest(
        model=builder.model.name,
        raw_dim=transform.raw_dim,
        dim=transform.dim,
        segments=(base,) if len(rows) else (),
        transform=stored,
        built_at=now_iso(),
        n_trees=annoy.n_trees,
        search_k=annoy.search_k,
        recall=annoy.recall,
        build_s=round(time.perf_counter() - started, 3),
    )


def _upload(builder: Builder, entry: SegmentEntry, folder: Path) -> None:
    for name in entry.objects:
        builder.store.upload(entry.key(name), folder / name)
    builder.cache.adopt(entry, folder)
