"""Fits the catalogue transform: what makes two tracks sound alike, learned from the catalogue and a prior.

Features are scaled block by block, whitened by their *drift* within a track (within-class covariance normalisation,
Hatch et al. 2006, without labels: directions in which a track varies by itself do not tell tracks apart) and reduced to
the directions in which the catalogue varies. A prior from freely licensed music keeps it good for ten tracks.

A clip is the same all through, and so is what encoded it: drift alone knows nothing of codecs and bit rates, and its
whitening would amplify them. How features move between encodings of the same audio was measured once, and is added
(channel compensation; docs/adr/0042).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from earshot.clock import now_iso
from earshot.errors import InvalidSettings
from earshot.index.row_sources import MergedRows
from earshot.index.transform import CatalogueTransform
from earshot.recipes import Recipe

Matrix64 = npt.NDArray[np.float64]

PRIOR_WEIGHT = 100.0
"""The prior's variances count like those of so many tracks."""
PRIOR_MEAN_WEIGHT = 20.0
SHRINKAGE = 0.05
MAX_FIT_ROWS = 200_000
"""Rows that enter the statistics: evenly spread over a larger catalogue, whose covariance they give to within 1 %."""

_DATA = Path(__file__).with_name("data")
_BLOCKS = {"musicnn_msd_prior": (200, 212, 212), "musicnn_mn04_prior": (200, 212, 212, 256, 384)}
"""Sizes of the blocks of features that are scaled alike: penultimate layer, means, maxima; blocks 6 and 12 of mn04."""
_LEAST_VARIANCE = 1e-9
"""In a direction, in units of what varies within a track: below it lies rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """Second-order statistics of a network's features over music at large; all float64.

    `mean` (D,), `block_variance` (blocks,), `drift` and `total` covariance (D, D), `blocks` the sizes that add up to D.
    """

    mean: Matrix64
    block_variance: Matrix64
    drift: Matrix64
    total: Matrix64
    blocks: tuple[int, ...]

    @classmethod
    def load(cls, path: Path, blocks: tuple[int, ...]) -> Self:
        """Read the file `path`."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(
                mean=arrays["mean"].astype(np.float64),
                block_variance=arrays["block_variance"].astype(np.float64),
                blocks=blocks,
                drift=_covariance(arrays, "drift"),
                total=_covariance(arrays, "total"),
            )


def prior_of(recipe: Recipe) -> Prior:
    """The prior that the recipe names (data/README.md).

    Raises:
        InvalidSettings: it names none.
    """
    if recipe.prior is None:
        raise InvalidSettings(f"the recipe {recipe.name} has no prior")
    return _load_prior(recipe.prior)


@cache
def _load_prior(name: str) -> Prior:
    return Prior.load(_DATA / f"{name}.npz", _BLOCKS[name])


def channel_of(recipe: Recipe) -> Matrix64:
    """Covariance (D, D) of what another encoding of the same audio adds to the features, by the recipe's file.

    Zero where the recipe names none.
    """
    size = recipe.network.dimensions
    return _load_channel(recipe.channel) if recipe.channel else np.zeros((size, size))


@cache
def _load_channel(name: str) -> Matrix64:
    with np.load(_DATA / f"{name}.npz", allow_pickle=False) as arrays:
        return _covariance(arrays, "channel")


def _covariance(arrays: Mapping[str, npt.NDArray[np.floating]], name: str) -> Matrix64:
    """Covariances are stored as a low-rank factor plus a diagonal."""
    factor = arrays[f"{name}_factor"].astype(np.float64)
    covariance: Matrix64 = factor @ factor.T + np.diag(arrays[f"{name}_diagonal"].astype(np.float64))
    return covariance


class Statistics:
    """Sums over tracks, from which the transform is fitted. Chunks may come in any order and size.

    Args:
        offset: a vector near the mean (D,), subtracted first so that single precision suffices inside a chunk.
    """

    def __init__(self, offset: Matrix64) -> None:
        self.n = 0
        self._offset = offset.astype(np.float32)
        self._sum = np.zeros(len(offset))
        self._products = np.zeros((len(offset), len(offset)))
        self._drift_products = np.zeros((len(offset), len(offset)))

    def add(self, raw: npt.NDArray[np.floating]) -> None:
        """Count tracks: `raw` (m, 2, D), embedding and drift."""
        x = raw[:, 0].astype(np.float32) - self._offset
        drift = raw[:, 1].astype(np.float32)
        self.n += len(raw)
        self._sum += x.sum(axis=0, dtype=np.float64)
        self._products += x.T @ x
        self._drift_products += drift.T @ drift

    def __iadd__(self, other: Self) -> Self:
        """Count the tracks that `other` has counted, from the same offset."""
        self.n += other.n
        self._sum += other._sum
        self._products += other._products
        self._drift_products += other._drift_products
        return self

    def to_arrays(self) -> dict[str, Matrix64]:
        """The sums by name, to be sent from one process to another: 6 MB for embeddings of 624 numbers."""
        sums = {"sum": self._sum, "products": self._products, "drift_products": self._drift_products}
        return {"n": np.array(self.n), "offset": self._offset.astype(np.float64), **sums}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Matrix64]) -> Self:
        """Inverse of `to_arrays`."""
        statistics = cls(arrays["offset"])
        statistics.n = int(arrays["n"])
        statistics._sum, statistics._products = arrays["sum"], arrays["products"]
        statistics._drift_products = arrays["drift_products"]
        return statistics

    @property
    def mean(self) -> Matrix64:
        """Mean embedding (D,)."""
        mean: Matrix64 = self._offset + self._sum / max(self.n, 1)
        return mean

    @property
    def scatter(self) -> Matrix64:
        """Sum over tracks of the products of centred embeddings (D, D)."""
        return self._products - np.outer(self._sum, self._sum) / max(self.n, 1)

    @property
    def drift_scatter(self) -> Matrix64:
        """Sum over tracks of the products of drifts (D, D)."""
        return self._drift_products


def fit(recipe: Recipe, statistics: Statistics) -> CatalogueTransform:
    """The transform for a catalogue with these statistics, for any number of tracks from one on."""
    if recipe.transform == "centred":
        return _centred(statistics)
    return _within_class(statistics, recipe)


def fit_rows(recipe: Recipe, rows: MergedRows) -> CatalogueTransform:
    """The transform for a catalogue of `rows`, or for a sample of them where they are many."""
    statistics = Statistics(offset_of(recipe))
    step = max(1, math.ceil(len(rows) / MAX_FIT_ROWS))
    for chunk in rows.raw_chunks(np.arange(0, len(rows), step)):
        statistics.add(chunk)
    return fit(recipe, statistics)


def offset_of(recipe: Recipe) -> Matrix64:
    """A vector near the mean of the network's embeddings (raw_dim,)."""
    return prior_of(recipe).mean if recipe.prior else np.zeros(recipe.network.dimensions)


def _within_class(statistics: Statistics, recipe: Recipe) -> CatalogueTransform:
    prior = prior_of(recipe)
    n, n0 = statistics.n, PRIOR_WEIGHT
    scale = _block_scale(np.diag(statistics.scatter), n, prior)
    both = np.outer(scale, scale)
    within = both * ((statistics.drift_scatter + n0 * prior.drift) / (n + n0) + channel_of(recipe))
    size = len(within)
    within = (1 - SHRINKAGE) * within + SHRINKAGE * np.trace(within) / size * np.eye(size)
    whitening = _inverse_root(within)
    total = both * (statistics.scatter + n0 * prior.total) / (n + n0)
    variances, directions = np.linalg.eigh(whitening @ total @ whitening)
    kept, weights = directions[:, ::-1][:, : recipe.dim], np.maximum(variances[::-1][: recipe.dim], _LEAST_VARIANCE)
    projection = whitening @ (kept * weights**recipe.spread)
    return _transform(_mean(statistics, prior.mean), scale, projection)


def _block_scale(scatter: Matrix64, n: int, prior: Prior) -> Matrix64:
    """One number per block: the inverse root of its mean variance."""
    scales, start = [], 0
    for size, expected in zip(prior.blocks, prior.block_variance, strict=True):
        total = scatter[start : start + size].mean() + PRIOR_WEIGHT * expected  # the scatter is n times the variance
        scales.append(np.full(size, np.sqrt((n + PRIOR_WEIGHT) / total)))
        start += size
    return np.concatenate(scales)


def _centred(statistics: Statistics) -> CatalogueTransform:
    """For a network of which no prior is known: the catalogue's mean is taken off, and nothing else."""
    size = len(statistics.mean)
    return _transform(_mean(statistics, np.zeros(size)), np.ones(size), np.eye(size))


def _mean(statistics: Statistics, prior_mean: Matrix64) -> Matrix64:
    n, n0 = statistics.n, PRIOR_MEAN_WEIGHT
    mean: Matrix64 = (n * statistics.mean + n0 * prior_mean) / (n + n0)
    return mean


def _inverse_root(symmetric: Matrix64) -> Matrix64:
    values, vectors = np.linalg.eigh(symmetric)
    root: Matrix64 = (vectors / np.sqrt(values)) @ vectors.T
    return root


def _transform(mean: Matrix64, scale: Matrix64, projection: Matrix64) -> CatalogueTransform:
    return CatalogueTransform(
        mean=mean.astype(np.float32),
        scale=scale.astype(np.float32),
        projection=np.ascontiguousarray(projection, np.float32),
        fitted_at=now_iso(),
    )
