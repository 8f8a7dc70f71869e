"""What Spark's workers run: functions of this module, which travel by name (`batch.session`), over batches of Arrow.

What all of them share (ids of tracks, listeners of items, vectors) comes as a broadcast, of which a worker has one.
"""

from collections.abc import Iterator
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from earshot.index.arrays import Ids
from listening.bulk.blocks import Block, Cells, blocks_of
from listening.models.interactions import Floats, Interactions
from listening.models.knn import co_counts, cosines
from listening.models.strongest import products_of
from listening.models.table import shared_of

NUMBERED = "user int, item int, confidence float, at long"
PAIRS = "i int, j int, n float"
BLOCKS = "items binary, starts binary, columns binary, cells binary"
"""A `Block` a row: int32, int64, int32, float32."""
SHARED = "items binary, shared binary"

_T_co = TypeVar("_T_co", covariant=True)


class Shared(Protocol[_T_co]):
    """A broadcast."""

    @property
    def value(self) -> _T_co:
        """What was sent."""


Batches = Iterator[pa.RecordBatch]


def numbered_in(batches: Batches, people: Shared[Ids], tracks: Shared[Ids]) -> Batches:
    """listener, track, worth, at -> `NUMBERED`: places in `people` and in `tracks`, confidence as in `Interactions`."""
    for batch in batches:
        worth = batch.column("worth").to_numpy(zero_copy_only=False)
        yield _batch(
            user=_places(people.value, batch.column("listener")),
            item=_places(tracks.value, batch.column("track")),
            confidence=np.log2(1 + worth).astype(np.float32),
            at=batch.column("at"),
        )


def pairs_in(batches: Batches, n_items: int) -> Batches:
    """items (a list for each listener) -> `PAIRS`: of every two items i < j how many of these listeners have both."""
    for batch in batches:
        items = batch.column("items")
        starts = items.offsets.to_numpy().astype(np.intp)
        flat = items.values.to_numpy().astype(np.int32)[starts[0] : starts[-1]]
        some = Interactions(starts - starts[0], flat, np.ones(len(flat), np.float32), n_items)
        for first, together in co_counts(some):
            row = np.repeat(np.arange(first, first + together.shape[0], dtype=np.int32), np.diff(together.indptr))
            upper = together.indices > row
            yield _batch(i=row[upper], j=together.indices[upper].astype(np.int32), n=together.data[upper])


def cosines_in(batches: Batches, listeners: Shared[npt.NDArray[np.int64]], shrinkage: float, k: int) -> Batches:
    """`PAIRS` of whole rows, by i and j -> `BLOCKS` of the `k` nearest items by cosine."""
    for block in blocks_of(_cells(batches), len(listeners.value)):
        best = cosines(block.items, block.rows, listeners.value, shrinkage=shrinkage, k=k)
        yield packed(Block(block.items, best))


def products_in(batches: Batches, vectors: Shared[Floats], step: int, k: int) -> Batches:
    """Numbers of blocks of `step` items -> `BLOCKS` of the `k` items of the largest products with each."""
    every = vectors.value
    for batch in batches:
        for number in batch.column(0).to_pylist():
            part = slice(number * step, min((number + 1) * step, len(every)))
            yield packed(Block(np.arange(part.start, part.stop), products_of(every, part, every, k)))


def shared_in(batches: Batches, neighbours: Shared[npt.NDArray[np.uint32]]) -> Batches:
    """`PAIRS` of whole rows, by i and j -> `SHARED`: listeners of both, for the neighbours (n, 50) of each item."""
    every = neighbours.value
    for block in blocks_of(_cells(batches), len(every)):
        wanted = every[block.items]
        found = shared_of(wanted, np.ones(wanted.shape, np.float16), block.rows)
        yield _batch(items=[block.items.astype(np.int32).tobytes()], shared=[found.tobytes()])


def _places(names: Ids, of: pa.Array) -> npt.NDArray[np.int32]:
    return np.searchsorted(names, np.array(of.to_pylist(), np.bytes_)).astype(np.int32)


def packed(block: Block) -> pa.RecordBatch:
    """A row of `BLOCKS`."""
    return _batch(
        items=[block.items.astype(np.int32).tobytes()],
        starts=[block.rows.indptr.astype(np.int64).tobytes()],
        columns=[block.rows.indices.astype(np.int32).tobytes()],
        cells=[block.rows.data.astype(np.float32).tobytes()],
    )


def _cells(batches: Batches) -> Iterator[Cells]:
    for batch in batches:
        row, column, value = (batch.column(name).to_numpy() for name in ("i", "j", "n"))
        yield row, column, value


def _batch(**columns: object) -> pa.RecordBatch:
    arrays = [column if isinstance(column, pa.Array) else pa.array(column) for column in columns.values()]
    return pa.RecordBatch.from_arrays(arrays, names=list(columns))
