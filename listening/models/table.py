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
    n = len(ids)
    by_row = np.repeat(np.arange(n), np.diff(rows.indptr))
    weights = rows.data.astype(np.float16)
    order = np.lexsort((rows.indices, -weights.astype(np.float32), by_row))
    place = np.arange(rows.nnz) - rows.indptr[by_row]
    shape = (n, PER_TRACK)
    neighbours, laid = np.zeros(shape, np.uint32), np.zeros(shape, np.float16)
    neighbours[by_row, place] = rows.indices[order]
    laid[by_row, place] = weights[order]
    neighbours[laid == 0] = 0
    heard = np.column_stack([np.minimum(plays, MOST_PLAYS), interactions.listeners_of_items()]).astype(np.uint32)
    return TableRows(ids, neighbours, laid, _shared(neighbours, laid, interactions), heard)


def _shared(
    neighbours: npt.NDArray[np.uint32], weights: npt.NDArray[np.float16], interactions: Interactions
) -> npt.NDArray[np.uint32]:
    """Distinct listeners of each row's track and of its neighbour: as `neighbours`."""
    shared = np.zeros(neighbours.shape, np.uint32)
    for first, together in co_counts(interactions):
        part = slice(first, first + together.shape[0])
        rows = np.repeat(np.arange(together.shape[0]), np.diff(together.indptr))
        known = rows.astype(np.int64) * together.shape[1] + together.indices
        wanted = np.arange(together.shape[0])[:, None] * together.shape[1] + neighbours[part].astype(np.int64)
        at = np.minimum(np.searchsorted(known, wanted), max(len(known) - 1, 0))
        if len(known):
            shared[part] = np.where(known[at] == wanted, np.rint(together.data[at]), 0)
    shared[weights == 0] = 0
    return shared
