"""Writes a segment's files and its manifest entry: what the format is, in the order in which it comes about.

`write_rows` keeps what the table knew, `write_shelf` how it is looked for, `write_vectors` what is compared,
`write_map` where rows lie; an engine adds its own; `sealed` makes the entry. `write_delta` is all of it for rows that
are searched exactly.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np

from earshot.clock import now_iso
from earshot.ids import SegmentId
from earshot.index.arrays import Ids, StoredVectors, mapped, write_columns
from earshot.index.cache import stored_object
from earshot.index.described import DESCRIBED, columns_of
from earshot.index.engines.engine import EngineEntry
from earshot.index.engines.exact import EXACTLY
from earshot.index.layout import Known, Positions, lay_out
from earshot.index.manifest import Kind, SegmentEntry, StoredObject, Trial
from earshot.index.popularity import POPULARITY, popularity_of
from earshot.index.row_sources import CHUNK_ROWS, FINGERPRINTS, RAW, MergedRows
from earshot.index.rows import LINES, OFFSETS, Lines, write_lines
from earshot.index.segment import IDS, MAP, VECTORS
from earshot.index.shelf import SHELF
from earshot.index.shelving import arranged
from earshot.index.transform import CatalogueTransform

Objects = Mapping[str, StoredObject]


def write_delta(folder: Path, rows: MergedRows, transform: CatalogueTransform) -> SegmentEntry:
    """Write `rows` as a delta segment into `folder`."""
    objects = {**write_rows(folder, rows), **write_shelf(folder), **write_vectors(folder, transform)}
    return sealed("delta", len(rows), objects, EXACTLY, recall=1.0)


def write_rows(folder: Path, rows: MergedRows) -> Objects:
    """Write what segments of any kind hold of `rows`, but for their vectors, which need a transform."""
    np.save(folder / IDS, rows.ids)
    np.save(folder / FINGERPRINTS, rows.fingerprints())
    with (folder / RAW).open("wb") as raw:
        _npy_header(raw, (len(rows), 2, rows.raw_dim))
        for chunk in rows.raw_chunks():
            raw.write(chunk.astype("<f2").tobytes())
    with (folder / LINES).open("wb") as lines:
        np.save(folder / OFFSETS, write_lines(rows.lines(), lines, len(rows)))
    return stored(folder, (IDS, FINGERPRINTS, RAW, LINES, OFFSETS))


def write_shelf(folder: Path) -> Objects:
    """Write, arranged for search by words and tags and for filters, what `write_rows` wrote into `folder`."""
    offsets = np.load(folder / OFFSETS, allow_pickle=False)
    lines, rows = Lines(folder / LINES, offsets), range(len(offsets) - 1)
    write_columns(folder / SHELF, arranged(lines.read(rows)))
    named = {DESCRIBED: columns_of(lines.read(rows)), POPULARITY: popularity_of(lines.read(rows))}
    written = {name: columns for name, columns in named.items() if columns is not None}
    for name, columns in written.items():
        write_columns(folder / name, columns)
    return stored(folder, (SHELF, *written))


def write_vectors(folder: Path, transform: CatalogueTransform) -> Objects:
    """Write the vectors of what `write_rows` wrote into `folder`."""
    rows = len(mapped(folder / RAW, np.float16))
    with (folder / VECTORS).open("wb") as vectors:
        _npy_header(vectors, (rows, transform.dim))
        for start in range(0, rows, CHUNK_ROWS):
            raw = mapped(folder / RAW, np.float16)[start : start + CHUNK_ROWS, 0]  # anew: no page stays
            vectors.write(transform(raw).astype("<f2").tobytes())
    return stored(folder, (VECTORS,))


def written_vectors(folder: Path) -> StoredVectors:
    """What `write_vectors` wrote into `folder`, mapped."""
    return mapped(folder / VECTORS, np.float16)


class Lay(Protocol):
    """Lays rows out on a map: `earshot.index.layout.lay_out`, or `lay_among` with a frame."""

    def __call__(self, vectors: StoredVectors, ids: Ids, known: Known) -> Positions:
        """See there."""


def write_map(folder: Path, rows: MergedRows, lay: Lay = lay_out) -> Objects:
    """Write where `rows`, whose vectors are in `folder`, lie on the map; known ones stay near where they lay."""
    np.save(folder / MAP, lay(written_vectors(folder), rows.ids, rows.positions()))
    return stored(folder, (MAP,))


def sealed(
    kind: Kind, rows: int, objects: Objects, engine: EngineEntry, *, recall: float, trials: tuple[Trial, ...] = ()
) -> SegmentEntry:
    """The entry of a segment that consists of `objects`.

    Its id covers the time of making: a key is never used twice, which keeps the garbage collector safe.
    """
    names = json.dumps({name: stored.sha256 for name, stored in objects.items()}, sort_keys=True)
    identity = hashlib.sha256(f"{kind}\n{now_iso()}\n{names}".encode()).hexdigest()
    return SegmentEntry(SegmentId(identity), kind, rows, objects, engine=engine, recall=recall, trials=trials)


def stored(folder: Path, names: Iterable[str]) -> Objects:
    """Sizes and hashes of files in `folder`."""
    return {name: stored_object(folder / name) for name in names}


def _npy_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    np.lib.format.write_array_header_1_0(file, {"descr": "<f2", "fortran_order": False, "shape": shape})
