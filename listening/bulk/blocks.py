"""Some rows of a sparse matrix of items × items, wherever they lie in it, and a matrix put together of such."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from listening.models.interactions import Numbers

_CELLS = 4_000_000
"""Cells of counts in a block: 100 MB while it is worked on."""


class Block(NamedTuple):
    """Rows (b, n) of the items (b,)."""

    items: Numbers
    rows: sparse.csr_array


Cells = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.float32]]
"""Row, column and value of each."""


def blocks_of(cells: Iterable[Cells], n: int) -> Iterator[Block]:
    """Whole rows of cells that come by row and column."""
    held: list[Cells] = []
    for some in cells:
        held.append(some)
        if sum(len(one[0]) for one in held) < _CELLS:
            continue
        row, column, value = (np.concatenate(parts) for parts in zip(*held, strict=True))
        last = int(np.searchsorted(row, row[-1]))  # the last row may go on in what is to come
        held = [(row[last:], column[last:], value[last:])]
        if last:
            yield _block(row[:last], column[:last], value[:last], n)
    if held and sum(len(one[0]) for one in held):
        row, column, value = (np.concatenate(parts) for parts in zip(*held, strict=True))
        yield _block(row, column, value, n)


def _block(row: npt.NDArray[np.int32], column: npt.NDArray[np.int32], value: npt.NDArray[np.float32], n: int) -> Block:
    items, counts = np.unique(row, return_counts=True)
    starts = np.concatenate([[0], np.cumsum(counts)])
    return Block(items.astype(np.intp), sparse.csr_array((value, column, starts), shape=(len(items), n)))


def assembled(blocks: Iterable[Block], n: int) -> sparse.csr_array:
    """All rows (n, n); those of items that are in no block are empty."""
    found = list(blocks)
    if not found:
        return sparse.csr_array((n, n), dtype=np.float32)
    items = np.concatenate([block.items for block in found])
    stacked = sparse.csr_array(sparse.vstack([block.rows for block in found], format="csr", dtype=np.float32))
    place = np.full(n, len(items))
    place[items] = np.arange(len(items))
    nothing = sparse.csr_array((1, n), dtype=np.float32)
    made = sparse.csr_array(sparse.csr_array(sparse.vstack([stacked, nothing], format="csr"))[place])
    made.sort_indices()
    return made
