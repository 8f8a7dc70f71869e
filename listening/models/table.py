"""Lays a model out as the table that serves."""

import numpy as np
import numpy.typing as npt
from scipy import sparse

from earshot.colistening.rows import PER_TRACK, TableRows
from earshot.index.arrays import Ids
from listening.models.interactions import Interactions
from listening.models.knn import co_counts

MOST_PLAYS = int(np.iinfo(np.uint32).max)


def table_rows(
    rows: sparse.csr_array, interactions: Interactions, ids: Ids, plays: npt.NDArray[np.integer]
) -> TableRows:
    """The table of the tracks `ids`, with how many listeners share every two neighbours.

    Args:
        rows: weights of neighbours (n, n), at most 50 of a row.
        interactions: of the listeners who are counted.
        ids: of the tracks (n,), ascending.
        plays: of the tracks (n,).
    """
    neighbours, laid = laid_out(rows)
    shared = np.zeros(neighbours.shape, np.uint32)
    for first, together in co_counts(interactions):
        items = np.arange(first, first + together.shape[0])
        shared[items] = shared_of(neighbours[items], laid[items], together)
    return TableRows(ids, neighbours, laid, shared, heard_by(interactions.listeners_of_items(), plays))


def laid_out(rows: sparse.csr_array) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.float16]]:
    """Neighbours and weights as they are kept (n, 50), the strongest first; 0 and 0 where there are no more."""
    n = rows.shape[0]
    by_row = np.repeat(np.arange(n), np.diff(rows.indptr))
    weights = rows.data.astype(np.float16)
    order = np.lexsort((rows.indices, -weights.astype(np.float32), by_row))
    place = np.arange(rows.nnz) - rows.indptr[by_row]
    shape = (n, PER_TRACK)
    neighbours, laid = np.zeros(shape, np.uint32), np.zeros(shape, np.float16)
    neighbours[by_row, place] = rows.indices[order]
    laid[by_row, place] = weights[order]
    neighbours[laid == 0] = 0
    return neighbours, laid


def heard_by(listeners: npt.NDArray[np.integer], plays: npt.NDArray[np.integer]) -> npt.NDArray[np.uint32]:
    """Plays and distinct listeners of every track (n, 2)."""
    return np.column_stack([np.minimum(plays, MOST_PLAYS), listeners]).astype(np.uint32)


def shared_of(
    neighbours: npt.NDArray[np.uint32], weights: npt.NDArray[np.float16], together: sparse.csr_array
) -> npt.NDArray[np.uint32]:
    """Distinct listeners of each of b tracks and of its neighbour, from their counts (b, n): as `neighbours`."""
    rows = np.repeat(np.arange(together.shape[0]), np.diff(together.indptr))
    known = rows.astype(np.int64) * together.shape[1] + together.indices
    wanted = np.arange(together.shape[0])[:, None] * together.shape[1] + neighbours.astype(np.int64)
    if not len(known):
        return np.zeros(neighbours.shape, np.uint32)
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    shared = np.where((known[at] == wanted) & (weights > 0), np.rint(together.data[at]), 0)
    return shared.astype(np.uint32)
