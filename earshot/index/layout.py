"""A 2-D map of the catalogue: neighbours by sound lie near each other, and a new version looks like the one before.

A stable sample of the tracks (landmarks) is laid out with t-SNE (van der Maaten and Hinton 2008, exact gradient);
every other track lies between the landmarks that sound most like it. numpy only: a builder needs nothing else.
"""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from earshot.index.arrays import Ids, RowNumbers
from earshot.index.transform import Matrix, unit

Positions = npt.NDArray[np.float32]
"""(n, 2): x and y, about -1..1."""

_LANDMARKS = 800
LANDMARKS_OF_MANY = 2_000
_MANY = 2_000
_PERPLEXITY = 20.0
_STEPS_FRESH, _STEPS_AGAIN = 300, 60
_EXAGGERATED_STEPS, _EXAGGERATION = 100, 6.0
_NEAREST = 6
_CHUNK = 4096
_REACH = 0.98
"""Share of the landmarks that lie within the unit circle of a fresh layout."""


class Frame(NamedTuple):
    """What a map is drawn around: unit vectors (m, dim), m > 0, and where they lie (m, 2)."""

    marks: Matrix
    places: Positions


Known = Iterable[tuple[Ids, Positions]]
"""Ids, ascending, and where they lie."""


def lay_out(vectors: npt.NDArray[np.floating], ids: Ids, known: Known = ()) -> Positions:
    """Positions of `vectors` (n, dim) whose track ids are `ids`.

    Args:
        vectors: what the index searches; read in portions, so they may be mapped.
        ids: one per row; decides which rows are landmarks, so that the same tracks stay landmarks as others come.
        known: the positions in the version before; the new map keeps their frame.
    """
    n = len(vectors)
    if n < 2:
        return np.zeros((n, 2), np.float32)
    chosen = landmarks(ids, _LANDMARKS if n <= _MANY else LANDMARKS_OF_MANY)
    marks, places = frame_of(unit(vectors[chosen]), ids[chosen], known)
    result = np.empty((n, 2), np.float32)
    others = np.setdiff1d(np.arange(n), chosen)
    result[chosen] = places
    result[others] = place(vectors, others, marks, places)
    return result


def lay_among(frame: Frame, vectors: npt.NDArray[np.floating], ids: Ids, known: Known = ()) -> Positions:
    """Positions on the map that is drawn around `frame`: what is `known` stays where it lies.

    For a part of a catalogue, which must not have a map of its own.
    """
    positions = known_positions(ids, known)
    new = np.flatnonzero(np.isnan(positions[:, 0]))
    positions[new] = place(vectors, new, *frame)
    return positions


def frame_of(marks: Matrix, ids: Ids, known: Known = ()) -> Frame:
    """A map of landmarks: their unit vectors `marks` (m, dim) and their track ids. See `lay_out` for `known`."""
    old = known_positions(ids, known)
    has_old: npt.NDArray[np.bool_] = np.isfinite(old[:, 0])
    if has_old.sum() >= max(3, len(marks) // 4):
        start = _between(marks, marks[has_old], old[has_old])
        start[has_old] = old[has_old]
        unit_of_map = max(float(np.abs(old[has_old]).max()), 1e-6)
        places = _tsne(marks, start * (_spread(len(marks)) / unit_of_map), _STEPS_AGAIN, 1.0)
        places = _aligned(places, old, has_old)
    else:
        places = _tsne(marks, _principal(marks), _STEPS_FRESH, _EXAGGERATION)
        places -= places.mean(axis=0)
        places /= max(float(np.quantile(np.linalg.norm(places, axis=1), _REACH)), 1e-9)
    return Frame(marks, places)


def place(vectors: npt.NDArray[np.floating], rows: RowNumbers, among: Matrix, positions: Positions) -> Positions:
    """Where `rows` of `vectors` (n, dim) lie on the map on which `among` (m, dim), m > 0, lie at `positions`.

    In portions, so `vectors` may be mapped, and memory does not grow with their number.
    """
    places = np.empty((len(rows), 2), np.float32)
    for i in range(0, len(rows), _CHUNK):
        places[i : i + _CHUNK] = _between(unit(vectors[rows[i : i + _CHUNK]]), among, positions)
    return places


def landmarks(ids: Ids, limit: int) -> RowNumbers:
    """Which rows a map is drawn around, ascending: those whose ids have the smallest hashes, so that the same ones
    stay as others come and go. The landmarks of the landmarks of parts are those of the whole."""
    if len(ids) <= limit:
        return np.arange(len(ids))
    keys = np.array(
        [int.from_bytes(hashlib.blake2b(i, digest_size=8).digest(), "big") for i in ids.tolist()], np.uint64
    )
    chosen: npt.NDArray[np.intp] = np.sort(np.argpartition(keys, limit)[:limit])
    return chosen


def known_positions(ids: Ids, known: Known) -> Positions:
    """Where each of `ids` lay before; NaN where that is unknown."""
    old: Positions = np.full((len(ids), 2), np.nan, np.float32)
    for known_ids, positions in known:
        if len(known_ids):
            at = np.minimum(np.searchsorted(known_ids, ids), len(known_ids) - 1)
            found = known_ids[at] == ids
            old[found] = positions[at[found]]
    return old


def _between(vectors: Matrix, among: Matrix, positions: Positions) -> Positions:
    """Mean of the positions of the nearest, weighted by similarity."""
    count = min(_NEAREST, len(among))
    similarities = vectors @ among.T
    nearest = np.argpartition(-similarities, count - 1, axis=1)[:, :count]
    values = np.take_along_axis(similarities, nearest, axis=1)
    weights = np.exp(8 * (values - values.max(axis=1, keepdims=True)))
    weights /= weights.sum(axis=1, keepdims=True)
    places: Positions = np.einsum("nk,nkd->nd", weights, positions[nearest]).astype(np.float32)
    return places


def _principal(marks: Matrix) -> Positions:
    """First two principal components, with the sign that makes the largest loading positive."""
    centred = marks - marks.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:2]
    axes = axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
    flat = centred @ axes.T
    if flat.shape[1] < 2:
        flat = np.hstack([flat, np.zeros((len(flat), 1), np.float32)])
    start: Positions = (flat / max(float(flat.std()), 1e-9) * 1e-2 * _spread(len(marks))).astype(np.float32)
    return start


def _spread(n: int) -> float:
    """About how far a t-SNE of n points reaches."""
    return 3.0 * float(np.sqrt(n))


def _tsne(marks: Matrix, start: Positions, steps: int, exaggeration: float) -> Positions:
    """Gradient descent with momentum and gains, as in the authors' reference."""
    n = len(marks)
    wanted = _affinities(marks, min(_PERPLEXITY, max((n - 1) / 3, 1.0)))
    places = start.astype(np.float32).copy()
    velocity = np.zeros_like(places)
    gains = np.ones_like(places)
    rate = max(n / max(exaggeration, 4.0) / 4, 10.0)
    for step in range(steps):
        factor = exaggeration if step < _EXAGGERATED_STEPS else 1.0
        square = (places**2).sum(axis=1)
        closeness = 1 / (1 + np.maximum(square[:, None] + square[None] - 2 * places @ places.T, 0))
        np.fill_diagonal(closeness, 0)
        pull = (factor * wanted - closeness / max(float(closeness.sum()), 1e-12)) * closeness
        gradient = 4 * (pull.sum(axis=1)[:, None] * places - pull @ places)
        gains = np.where(np.sign(gradient) != np.sign(velocity), gains + 0.2, gains * 0.8).clip(0.01)
        velocity = (0.5 if step < _EXAGGERATED_STEPS else 0.8) * velocity - rate * gains * gradient
        places = (places + velocity).astype(np.float32)
    return places


def _affinities(marks: Matrix, perplexity: float) -> Matrix:
    """Symmetric joint probabilities (n, n) with the given perplexity per point; distance is 1 - cosine."""
    n = len(marks)
    distances = np.maximum(2 - 2 * marks @ marks.T, 0)
    np.fill_diagonal(distances, np.inf)
    nearest = distances.min(axis=1, keepdims=True)
    offsets = distances - nearest
    low, high, beta = np.zeros((n, 1)), np.full((n, 1), np.inf), np.ones((n, 1))
    for _ in range(32):
        weights = np.exp(-offsets * beta)
        total = weights.sum(axis=1, keepdims=True)
        spread = np.where(np.isfinite(offsets), offsets, 0) * weights
        entropy = np.log(total) + beta * spread.sum(axis=1, keepdims=True) / total
        too_wide = entropy > np.log(perplexity)
        low, high = np.where(too_wide, beta, low), np.where(too_wide, high, beta)
        beta = np.where(np.isinf(high), beta * 2, (low + high) / 2)
    conditional = weights / total
    joint: Matrix = ((conditional + conditional.T) / (2 * n)).astype(np.float32)
    return joint


def _aligned(places: Positions, old: Positions, has_old: npt.NDArray[np.bool_]) -> Positions:
    """`places` turned, mirrored, scaled and moved so that they lie as near as possible to `old` (Procrustes)."""
    ours, theirs = places[has_old].astype(np.float64), old[has_old].astype(np.float64)
    our_mean, their_mean = ours.mean(axis=0), theirs.mean(axis=0)
    left, values, right = np.linalg.svd((ours - our_mean).T @ (theirs - their_mean))
    scale = values.sum() / max(((ours - our_mean) ** 2).sum(), 1e-12)
    moved: Positions = (scale * (places - our_mean) @ (left @ right) + their_mean).astype(np.float32)
    return moved
