"""What ratings would say: RMSE and MAE of play counts as 1 to 5, by means and explicit ALS. Reported, never a reason.

They tell nothing of how good an answer is: on real plays explicit ALS is worse than the mean, and ranks below
popularity.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import sparse

from listening.models.als import solved
from listening.models.interactions import Floats, Interactions, Numbers

_STEPS = 5
_HELD_OUT = 0.2
_DIMENSIONS, _REGULARISATION, _ITERATIONS = 16, 5.0, 8
_MOST = 2_000_000


def rating_figures(interactions: Interactions, seed: int = 0) -> dict[str, dict[str, float]]:
    """Errors by model (`mean`, `item_bias`, `explicit_als`), on a fifth of all ratings; nothing where all are alike."""
    if len(np.unique(interactions.confidence[:_MOST])) < _STEPS:
        return {}
    listeners = np.repeat(np.arange(interactions.n_listeners), interactions.sizes)[:_MOST]
    items, ratings = interactions.items[:_MOST].astype(np.intp), _ratings(listeners, interactions.confidence[:_MOST])
    held_out = np.random.default_rng(seed).random(len(ratings)) < _HELD_OUT
    known = ~held_out
    mean = float(ratings[known].mean())
    bias = _item_bias(items[known], ratings[known] - mean, interactions.n_items)
    rest = ratings - mean - bias[items]
    left, right = _factors(listeners[known], items[known], rest[known], interactions, seed)
    of_factors = np.einsum("ij,ij->i", left[listeners[held_out]], right[items[held_out]])
    said: dict[str, Callable[[], Floats | float]] = {
        "mean": lambda: mean,
        "item_bias": lambda: mean + bias[items[held_out]],
        "explicit_als": lambda: mean + bias[items[held_out]] + of_factors,
    }
    return {name: _errors(ratings[held_out] - value()) for name, value in said.items()}


def _ratings(listeners: Numbers, confidence: Floats) -> Floats:
    """Each listener's items by fifths of their own confidence: 1 to 5."""
    order = np.lexsort((confidence, listeners))
    sizes = np.bincount(listeners)
    starts = np.cumsum(sizes) - sizes
    place = np.empty(len(order), np.intp)
    place[order] = np.arange(len(order)) - starts[listeners[order]]
    ratings: Floats = (1 + _STEPS * place // sizes[listeners]).astype(np.float32)
    return ratings


def _item_bias(items: Numbers, ratings: Floats, n_items: int) -> Floats:
    """Mean deviation of each item (n_items,), drawn towards 0 as by five more ratings."""
    counts = np.bincount(items, minlength=n_items)
    bias: Floats = (np.bincount(items, ratings, minlength=n_items) / (counts + 5)).astype(np.float32)
    return bias


def _factors(
    listeners: Numbers, items: Numbers, rest: Floats, interactions: Interactions, seed: int
) -> tuple[Floats, Floats]:
    shape = (interactions.n_listeners, interactions.n_items)
    by_listener = sparse.csr_array((rest, (listeners, items)), shape=shape)
    by_item = sparse.csr_array(by_listener.T)
    right = np.random.default_rng(seed).normal(0, 0.1, (shape[1], _DIMENSIONS)).astype(np.float32)
    left = np.zeros((shape[0], _DIMENSIONS), np.float32)
    ridge = np.float32(_REGULARISATION) * np.eye(_DIMENSIONS, dtype=np.float32)
    for _ in range(_ITERATIONS):
        left = solved(_ones(by_listener), by_listener.data, right, ridge, left)
        right = solved(_ones(by_item), by_item.data, left, ridge, right)
    return left, right


def _ones(matrix: sparse.csr_array) -> sparse.csr_array:
    return sparse.csr_array((np.ones_like(matrix.data), matrix.indices, matrix.indptr), shape=matrix.shape)


def _errors(differences: npt.NDArray[np.floating]) -> dict[str, float]:
    return {
        "rmse": round(float(np.sqrt(np.mean(differences**2))), 5),
        "mae": round(float(np.mean(np.abs(differences))), 5),
    }
