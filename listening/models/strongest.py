"""The strongest neighbours of every track, as a sparse matrix: the form that every model is brought into."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

from listening.models.interactions import Floats, Numbers

_GROUP = 64
_DENSE_CELLS = 16_000_000
"""Cells of a dense block, 64 MB: memory does not grow with the square of the items."""


def strongest(rows: sparse.csr_array, k: int) -> sparse.csr_array:
    """Of each row the `k` largest values above 0; of equal ones those in the first columns."""
    indptr, indices, data = rows.indptr, rows.indices, rows.data
    chosen: list[Numbers] = []
    for start, stop in zip(indptr[:-1].tolist(), indptr[1:].tolist(), strict=True):
        values = data[start:stop]
        good = np.flatnonzero(values > 0)
        if len(good) > k:
            least = np.partition(values[good], len(good) - k)[len(good) - k]
            good = good[values[good] >= least]
            if len(good) > k:
                by_column = good[np.argsort(indices[start:stop][good], kind="stable")]
                good = by_column[np.argsort(-values[by_column], kind="stable")[:k]]
        chosen.append(good + start)
    at = np.concatenate(chosen) if chosen else np.zeros(0, np.intp)
    starts = np.concatenate([[0], np.cumsum([len(found) for found in chosen])]).astype(np.int64)
    made = sparse.csr_array((data[at].astype(np.float32), indices[at], starts), shape=rows.shape)
    made.sort_indices()
    return made


def strongest_of_dense(block: Floats, k: int) -> sparse.csr_array:
    """The same of a dense block (b, n). A bound on the k-th value, from maxima of groups, spares most of the work."""
    count, n = block.shape
    k = min(k, n)
    if n > _GROUP * k:
        whole = n - n % _GROUP
        maxima = block[:, :whole].reshape(count, -1, _GROUP).max(axis=2)
        bound = np.partition(maxima, maxima.shape[1] - k, axis=1)[:, maxima.shape[1] - k, None]
    else:
        bound = np.partition(block, n - k, axis=1)[:, n - k, None] if n else np.zeros((count, 1), np.float32)
    candidates = block >= np.maximum(bound, np.finfo(np.float32).tiny)
    rows, columns = np.nonzero(candidates)
    starts = np.concatenate([[0], np.cumsum(candidates.sum(axis=1))])
    return strongest(sparse.csr_array((block[rows, columns], columns, starts), shape=block.shape), k)


def blocks(n: int, width: int) -> Iterator[slice]:
    """Consecutive parts of n rows, of `width` dense cells each, that fit into memory."""
    step = max(1, _DENSE_CELLS // max(width, 1))
    for start in range(0, n, step):
        yield slice(start, min(n, start + step))


def stacked(parts: Iterable[sparse.csr_array], width: int) -> sparse.csr_array:
    """Blocks of rows as one matrix of `width` columns."""
    found: Sequence[sparse.csr_array] = list(parts)
    if not found:
        return sparse.csr_array((0, width), dtype=np.float32)
    return sparse.csr_array(sparse.vstack(found, format="csr", dtype=np.float32))


def products(left: Floats, right: Floats, k: int, *, sharpness: float = 1.0) -> sparse.csr_array:
    """The strongest of ``left @ right.T`` (n, m), a row without itself where both are of the same items.

    Args:
        left: (n, d).
        right: (m, d), `left` itself or other rows.
        k: how many.
        sharpness: the power that they are raised to.
    """
    found = []
    for part in blocks(len(left), len(right)):
        best = products_of(left, part, right, k)
        best.data **= np.float32(sharpness)
        found.append(best)
    return stacked(found, len(right))


def products_of(left: Floats, part: slice, right: Floats, k: int) -> sparse.csr_array:
    """The strongest of some rows of the same, which fit into memory (`blocks`)."""
    block = left[part] @ right.T
    if right is left:
        block[np.arange(part.stop - part.start), np.arange(part.start, part.stop)] = 0.0
    return strongest_of_dense(block, k)


def levelled(rows: sparse.csr_array) -> sparse.csr_array:
    """Each row divided by its sum: what was heard counts alike, however popular it is."""
    sums = np.asarray(rows.sum(axis=1)).ravel()
    return scaled(rows, 1 / np.where(sums > 0, sums, 1))


def scaled(rows: sparse.csr_array, by: npt.NDArray[np.floating]) -> sparse.csr_array:
    """Each row times its number in `by` (n,)."""
    made = rows.copy()
    made.data *= np.repeat(by.astype(np.float32), np.diff(rows.indptr))
    return made
