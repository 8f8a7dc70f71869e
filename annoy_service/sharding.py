"""Divides a catalogue: out of one index, however large, the indexes of its shards, each in a bucket of its own.

All shards take the transform of the index that is divided, which was fitted to all of it, and keep it from then on
(docs/adr/0034). A shard is made by itself, so that as many machines can work at a time as there are shards; one that is
there already, of this transform, is left as it is.
"""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from annoy_service.bases import part_of_catalogue, transform_of
from annoy_service.builder import Builder
from annoy_service.pointers import manifest_at, position, publish
from earshot.errors import IndexRace, NoIndexYet
from earshot.index.manifest import Manifest
from earshot.index.row_sources import MergedRows, StoredRows
from earshot.index.slices import fetched_slice
from earshot.index.write import write_rows
from earshot.shards import Shard
from earshot.telemetry import logger

AT_ONCE = 50_000
"""Rows of the index that are on disk at a time: 150 MB."""

_log = logger()


def owned(rows: StoredRows, shard: Shard) -> StoredRows:
    """Those of the rows that belong to the shard."""
    strange = [number for number, track_id in enumerate(rows.ids.tolist()) if not shard.owns(track_id.decode())]
    return rows.without(np.array(strange, np.intp))


def divide(whole: Builder, into: Builder, shard: Shard) -> Manifest:
    """The index of `shard`, published in the bucket of `into`: made of what belongs to it of the index in the bucket of
    `whole`.

    Raises:
        NoIndexYet: there is nothing to divide.
        DamagedIndex: it cannot be read.
        IndexRace: the bucket of `into` holds something else.
        RecallTooLow: the promotion gate stayed shut.
    """
    started = time.perf_counter()
    before = manifest_at(whole, position(whole))
    if before is None:
        raise NoIndexYet(f"there is no index by {whole.recipe.name} to divide")
    place = position(into)
    there = manifest_at(into, place)
    if there is not None:
        if (there.shard, there.transform) == (shard, before.transform):
            return there
        raise IndexRace(
            f"the bucket of shard {shard.number} of {shard.of} holds version {there.version}, which is another index",
            hint="Give an empty bucket: those that serve would be mixed with those to come.",
        )
    with tempfile.TemporaryDirectory(dir=into.work_dir) as folder:
        sources = list(_rows_of(whole, before, shard, Path(folder)))
        made = part_of_catalogue(into, sources, started, shard=shard, transform=transform_of(whole, before))
    _log.info("divided", shard=shard.number, of=shard.of, tracks=made.tracks, out_of=before.version)
    return publish(into, made, place)


def _rows_of(whole: Builder, before: Manifest, shard: Shard, folder: Path) -> Iterator[StoredRows]:
    """What belongs to the shard, written below `folder` a stretch of a segment at a time."""
    for entry in before.segments:
        for start in range(0, entry.rows, AT_ONCE):
            with tempfile.TemporaryDirectory(dir=folder) as stretch:
                stop = min(start + AT_ONCE, entry.rows)
                rows = owned(fetched_slice(whole.store, entry, start, stop, Path(stretch)), shard)
                if not len(rows):
                    continue
                part = Path(tempfile.mkdtemp(dir=folder))
                write_rows(part, MergedRows([rows], before.raw_dim))
            yield StoredRows(part.joinpath, np.arange(len(rows)))
