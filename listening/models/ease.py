"""EASE: the linear model of items by all other items, in closed form (Steck 2019, "Embarrassingly shallow
autoencoders for sparse data"). Dense: for the items with the most listeners."""

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.linalg import lapack

from listening.models.interactions import Interactions, Numbers
from listening.models.strongest import blocks, stacked, strongest_of_dense

MOST_ITEMS = 10_000
"""Items of the dense matrix: 800 MB, and 10 TFLOP to invert it."""


def ease_neighbours(
    interactions: Interactions, *, regularisation: float, k: int, most_items: int = MOST_ITEMS
) -> sparse.csr_array:
    """The `k` items that each item speaks for most; none for, and of, items beyond the `most_items` most heard."""
    chosen = _most_heard(interactions, most_items)
    weights, n = ease_weights(interactions, regularisation=regularisation, items=chosen), interactions.n_items
    found = [strongest_of_dense(weights[part].astype(np.float32), k) for part in blocks(len(chosen), len(chosen))]
    small = stacked(found, len(chosen)).tocoo()
    return sparse.csr_array((small.data, (chosen[small.row], chosen[small.col])), shape=(n, n), dtype=np.float32)


def ease_weights(interactions: Interactions, *, regularisation: float, items: Numbers) -> npt.NDArray[np.float64]:
    """What each of `items` (m,) says for each of them: (m, m), 0 on the diagonal."""
    binary = interactions.binary()[:, items]
    gram = np.asfortranarray((binary.T @ binary).toarray(), np.float64)
    gram[np.diag_indices_from(gram)] += regularisation
    factor, failed = lapack.dpotrf(gram, lower=1, overwrite_a=1)
    inverse, failed_too = lapack.dpotri(factor, lower=1, overwrite_c=1)
    if failed or failed_too:
        raise ValueError(f"a regularisation of {regularisation} does not make the counts of items invertible")
    for part in blocks(len(items), len(items)):  # LAPACK leaves the upper half as it was
        corner = np.tril(inverse[part, part])
        inverse[part, part] = corner + np.tril(corner, -1).T
        inverse[part, part.stop :] = inverse[part.stop :, part].T
    diagonal = np.diagonal(inverse).copy()
    weights: npt.NDArray[np.float64] = inverse
    weights /= -diagonal
    np.fill_diagonal(weights, 0.0)
    return weights


def _most_heard(interactions: Interactions, most: int) -> Numbers:
    listeners = interactions.listeners_of_items()
    heard = np.flatnonzero(listeners)
    return np.sort(heard[np.argsort(-listeners[heard], kind="stable")[:most]])
