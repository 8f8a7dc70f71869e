"""Item-kNN: cosine of items over listeners, with shrinkage."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from listening.models.interactions import Interactions, Numbers
from listening.models.strongest import stacked, strongest

_PAIRS = 20_000_000
"""Pairs in a block of counts, 160 MB at most."""


class Counts(NamedTuple):
    """Listeners of both items, for the items from `first` on: (b, n_items), the diagonal included."""

    first: int
    together: sparse.csr_array


def co_counts(interactions: Interactions) -> Iterator[Counts]:
    """Of every two items, how many distinct listeners show liking for both, in blocks of rows that fit into memory."""
    binary = interactions.binary()
    by_item = sparse.csr_array(binary.T)
    pairs = np.cumsum(by_item @ interactions.sizes.astype(np.float64))
    start = 0
    while start < interactions.n_items:
        done = pairs[start - 1] if start else 0.0
        stop = max(start + 1, int(np.searchsorted(pairs, done + _PAIRS, side="right")))
        together = by_item[start:stop] @ binary
        together.sort_indices()
        yield Counts(start, together)
        start = stop


def cosine_neighbours(
    counts: Iterable[Counts], listeners: npt.NDArray[np.int64], *, shrinkage: float, k: int
) -> sparse.csr_array:
    """The `k` items nearest to each item: ``together / (sqrt(listeners_i · listeners_j) + shrinkage)``.

    Args:
        counts: all rows, in order.
        listeners: of each item (n_items,).
        shrinkage: what a pair needs to be believed; it takes most from rare ones.
        k: how many.
    """
    found = [
        cosines(np.arange(first, first + together.shape[0]), together, listeners, shrinkage=shrinkage, k=k)
        for first, together in counts
    ]
    return stacked(found, len(listeners))


def cosines(
    items: Numbers, together: sparse.csr_array, listeners: npt.NDArray[np.int64], *, shrinkage: float, k: int
) -> sparse.csr_array:
    """The same of some items (b,), whose counts are the rows of `together` (b, n_items)."""
    roots = np.sqrt(listeners.astype(np.float32))
    rows = np.repeat(items, np.diff(together.indptr))
    values = together.data / (roots[rows] * roots[together.indices] + np.float32(shrinkage))
    values[rows == together.indices] = 0.0
    return strongest(sparse.csr_array((values, together.indices, together.indptr), shape=together.shape), k)
