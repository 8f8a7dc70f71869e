"""Matrix factorisation by alternating least squares, each step by conjugate gradients.

Implicit: Hu, Koren, Volinsky 2008, "Collaborative filtering for implicit feedback datasets"; the solver: Takács,
Pilászy, Tikk 2011, "Applications of the conjugate gradient method for implicit feedback collaborative filtering".
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from listening.models.interactions import Floats, Interactions
from listening.models.strongest import products

_STEPS = 3
_ENTRIES = 500_000
"""Entries solved at once, so that what is gathered for them stays below 300 MB at 64 dimensions."""
_INVERSE_REGULARISATION = 3.0


@dataclass(frozen=True, slots=True)
class Als:
    """How to factorise. An entry of confidence c weighs ``1 + confidence · c^counts``, an absent one 1: with `counts` 0
    it does not matter how often something was played."""

    confidence: float = 10.0
    regularisation: float = 10.0
    counts: float = 0.0
    dimensions: int = 64
    iterations: int = 10
    seed: int = 0


def item_factors(interactions: Interactions, how: Als) -> Floats:
    """Vectors of items (n_items, dimensions); 0 for an item without listeners."""
    weights = interactions.matrix()
    weights.data = np.float32(how.confidence) * weights.data ** np.float32(how.counts)
    by_item = sparse.csr_array(weights.T)
    items = np.random.default_rng(how.seed).normal(0, 0.01, (interactions.n_items, how.dimensions)).astype(np.float32)
    listeners = np.zeros((interactions.n_listeners, how.dimensions), np.float32)
    ridge = np.float32(how.regularisation) * np.eye(how.dimensions, dtype=np.float32)
    for _ in range(how.iterations):
        listeners = solved(weights, _wanted(weights), items, items.T @ items + ridge, listeners)
        items = solved(by_item, _wanted(by_item), listeners, listeners.T @ listeners + ridge, items)
    items[interactions.listeners_of_items() == 0] = 0.0
    return items


def _wanted(weights: sparse.csr_array) -> Floats:
    return np.asarray(weights.data + np.float32(1), np.float32)


def solved(weights: sparse.csr_array, wanted: Floats, others: Floats, gram: Floats, start: Floats) -> Floats:
    """For each row u the x that solves ``(gram + Σ w_ui y_i y_iᵀ) x = Σ b_ui y_i``, nearly.

    Args:
        weights: w, (n, m).
        wanted: b, one per entry of `weights`.
        others: y, (m, d).
        gram: what all rows share (d, d), positive definite.
        start: (n, d), where to begin.
    """
    found = np.empty_like(start)
    row = 0
    while row < weights.shape[0]:
        end = int(np.searchsorted(weights.indptr, weights.indptr[row] + _ENTRIES, side="right")) - 1
        part = slice(row, max(row + 1, end))
        entries = slice(weights.indptr[part.start], weights.indptr[part.stop])
        found[part] = _solved(weights[part], wanted[entries], others, gram, start[part])
        row = part.stop
    return found


def _solved(weights: sparse.csr_array, wanted: Floats, others: Floats, gram: Floats, start: Floats) -> Floats:
    rows = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
    near = others[weights.indices]

    def summed(values: Floats) -> Floats:
        made: Floats = sparse.csr_array((values, weights.indices, weights.indptr), shape=weights.shape) @ others
        return made

    def applied(x: Floats) -> Floats:
        return x @ gram + summed(np.einsum("ij,ij->i", near, x[rows]) * weights.data)

    x = start.copy()
    residual = summed(wanted) - applied(x)
    direction, square = residual.copy(), np.einsum("ij,ij->i", residual, residual)
    for _ in range(_STEPS):
        image = applied(direction)
        step = square / np.maximum(np.einsum("ij,ij->i", direction, image), np.float32(1e-20))
        x += step[:, None] * direction
        residual -= step[:, None] * image
        before, square = square, np.einsum("ij,ij->i", residual, residual)
        direction = residual + (square / np.maximum(before, np.float32(1e-20)))[:, None] * direction
    return x


def weighing(items: Floats) -> Floats:
    """The L (d, d) with which ``(V L)(V L)ᵀ = V (VᵀV + λI)⁻¹ Vᵀ``: what a listener's items say of all items, solved
    once for all listeners."""
    gram = (items.T @ items).astype(np.float64) + _INVERSE_REGULARISATION * np.eye(items.shape[1])
    lower: Floats = np.linalg.cholesky(np.linalg.inv(gram)).astype(np.float32)
    return lower


def factor_neighbours(items: Floats, k: int) -> sparse.csr_array:
    """The `k` items that the factorisation expects most beside each item."""
    weighed = items @ weighing(items)
    return products(weighed, weighed, k)
