"""New bases from rows: one, or several where one would be too large. Uploaded, but unseen until published."""

import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np

from annoy_service.builder import Builder
from annoy_service.fit import fit_rows
from annoy_service.gate import write_base
from annoy_service.parts import Common, Summary, write_part
from annoy_service.recall import Survey, admitted
from earshot.clock import now_iso
from earshot.index.arrays import mapped
from earshot.index.layout import Frame, lay_among, lay_out
from earshot.index.manifest import Manifest, SegmentEntry, StoredObject, transform_key
from earshot.index.row_sources import MergedRows, RowSource, StoredRows
from earshot.index.segment import MAP, VECTORS
from earshot.index.transform import CatalogueTransform, unit
from earshot.index.write import Lay
from earshot.shards import Shard

_REFERENCE_ROWS = 2_000
"""Of a base whose map others are laid on."""


def rebuilt(
    builder: Builder, sources: Sequence[RowSource], started: float, *, after: Manifest | None = None
) -> Manifest:
    """A version that consists of new bases, not yet named; everything but its manifest is uploaded.

    `after`: the version that it comes after. That of a shard hands on its transform, which is all the shards' own.

    Raises:
        RecallTooLow: the promotion gate stayed shut.
        DamagedIndex: that transform cannot be read.
    """
    if after is not None and after.shard is not None:
        return part_of_catalogue(builder, sources, started, shard=after.shard, transform=transform_of(builder, after))
    rows = MergedRows(sources, builder.recipe.network.dimensions)
    if len(rows) > builder.policy.at_once:
        common = Common.of(Summary.of(rows, builder.recipe, total=len(rows)), builder.recipe)
        return _rebuilt_in_parts(builder, rows, common, started)
    return _rebuilt_at_once(builder, rows, fit_rows(builder.recipe, rows), started)


def part_of_catalogue(
    builder: Builder, sources: Sequence[RowSource], started: float, *, shard: Shard, transform: CatalogueTransform
) -> Manifest:
    """The same for a shard of a catalogue whose `transform` is known; `sources` hold only what belongs to the shard.

    Raises:
        RecallTooLow: the promotion gate stayed shut.
    """
    rows = MergedRows(sources, builder.recipe.network.dimensions)
    if len(rows) > builder.policy.at_once:
        common = Common.around(transform, Summary.of(rows, builder.recipe, total=len(rows)))
        return replace(_rebuilt_in_parts(builder, rows, common, started), shard=shard)
    return replace(_rebuilt_at_once(builder, rows, transform, started), shard=shard)


def transform_of(builder: Builder, manifest: Manifest) -> CatalogueTransform:
    """The version's transform.

    Raises:
        DamagedIndex: it is not what the manifest promises.
    """
    return CatalogueTransform.from_bytes(builder.store.read(manifest.transform_key, manifest.transform))


def _rebuilt_at_once(builder: Builder, rows: MergedRows, transform: CatalogueTransform, started: float) -> Manifest:
    with tempfile.TemporaryDirectory(dir=builder.work_dir) as folder:
        base = write_base(Path(folder), rows, transform, builder.engines)
        if len(rows):
            upload(builder, base, Path(folder))
    return _version(builder, transform, [base] if len(rows) else [], started)


def melted(builder: Builder, before: Manifest, chosen: Sequence[SegmentEntry], started: float) -> Manifest:
    """`before` with one new base instead of the segments `chosen`; its transform and its map stay.

    Raises:
        DamagedIndex: one of them cannot be read.
        RecallTooLow: the promotion gate stayed shut.
    """
    gone = {entry.id for entry in chosen}
    kept = [entry for entry in before.segments if entry.id not in gone]
    rows = MergedRows([StoredRows.living(builder.cache, entry) for entry in chosen], before.raw_dim)
    transform = transform_of(builder, before)
    with tempfile.TemporaryDirectory(dir=builder.work_dir) as folder:
        base = write_base(Path(folder), rows, transform, builder.engines, _on_the_map_of(builder, kept))
        upload(builder, base, Path(folder))
    new = replace(before, segments=tuple(kept))
    across = None if before.recall_across is None else min(before.recall_across, base.recall)
    return replace(
        before,
        segments=(*new.bases, base, *new.deltas),
        recall_across=across,
        built_at=now_iso(),
        build_s=round(time.perf_counter() - started, 3),
    )


def composed(
    builder: Builder, transform: CatalogueTransform, parts: Iterable[tuple[SegmentEntry, Survey]], started: float
) -> Manifest:
    """A version that consists of bases that were built apart, not yet named; the bases are uploaded.

    Raises:
        RecallTooLow: together they find too little.
    """
    bases, surveys = zip(*parts, strict=True)
    searched, recall = admitted(bases, surveys)
    return replace(_version(builder, transform, searched, started), recall_across=recall)


def upload(builder: Builder, entry: SegmentEntry, folder: Path) -> None:
    """Store a segment that was written into `folder`; its files move into the builder's cache."""
    for name in entry.objects:
        builder.store.upload(entry.key(name), folder / name)
    builder.cache.adopt(entry, folder)


def _rebuilt_in_parts(builder: Builder, rows: MergedRows, common: Common, started: float) -> Manifest:
    def parts() -> Iterator[tuple[SegmentEntry, Survey]]:
        number = -(-len(rows) // builder.policy.at_once)
        ends = [len(rows) * i // number for i in range(number + 1)]
        for start, stop in pairwise(ends):
            with tempfile.TemporaryDirectory(dir=builder.work_dir) as folder:
                base, survey = write_part(Path(folder), rows.part(start, stop), common, builder.engines)
                upload(builder, base, Path(folder))
            yield base, survey

    return composed(builder, common.transform, parts(), started)


def _version(
    builder: Builder, transform: CatalogueTransform, bases: Iterable[SegmentEntry], started: float
) -> Manifest:
    body = transform.to_bytes()
    stored = StoredObject.of(body)
    builder.store.put(transform_key(stored), body)
    return Manifest(
        model=builder.recipe.network.name,
        recipe=builder.recipe.name,
        raw_dim=transform.raw_dim,
        dim=transform.dim,
        segments=tuple(bases),
        transform=stored,
        built_at=now_iso(),
        build_s=round(time.perf_counter() - started, 3),
    )


def _on_the_map_of(builder: Builder, entries: Iterable[SegmentEntry]) -> Lay:
    """Lays rows on the map on which those of `entries` lie already."""
    drawn = [entry for entry in entries if MAP in entry.objects]
    if not drawn:
        return lay_out
    entry = min(drawn, key=lambda each: (each.rows < _REFERENCE_ROWS, each.rows))  # the fewest bytes that show enough
    some = slice(None, None, max(1, entry.rows // _REFERENCE_ROWS))
    vectors = mapped(builder.cache.fetch(entry, VECTORS), np.float16)[some]
    return partial(lay_among, Frame(unit(vectors), mapped(builder.cache.fetch(entry, MAP), np.float32)[some]))
