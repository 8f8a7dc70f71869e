"""Synthetic catalogues with the local structure of real music, of any size, a chunk at a time.

Each track starts from one of the 50 golden clips (real music, `musicnn-msd@1` features), moves within the plane of the
clip's nearest neighbours (its local covariance), takes on something of its own from the covariance of music at large
(the catalogue prior, 361 clips) and is heard through the noise of its own drift. How much of its own is set so that 50
synthetic tracks have the local intrinsic dimension of the 50 real ones (`python -m bench.index.catalogue` prints both).
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from annoy_service.fit import Statistics, fit, offset_of, prior_of
from earshot.networks import MUSICNN
from earshot.recipes import default_recipe

SHARED = Path(os.environ.get("EARSHOT_SHARED", Path(__file__).resolve().parents[3] / "shared"))
RECIPE = default_recipe(MUSICNN)
CHUNK = 8192
OWN = 0.7
"""Share of the standard deviation of music at large that a track has of its own."""

_NEIGHBOURS = 8
_REACH = 0.8
_DRIFT_TO_NOISE = 0.25  # var(first half - second half) is four times the variance of the mean of both
_RANK = 96

Raw = npt.NDArray[np.float16]
Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Golden embeddings (50, D), directions to the neighbours of each (50, 8, D), and factors (rank, D)."""

    clips: Matrix
    directions: Matrix
    total: Matrix
    drift: Matrix


@lru_cache(maxsize=1)
def source() -> Source:
    """What catalogues are made of."""
    clips = golden()[:, 0]
    statistics = Statistics(offset_of(RECIPE))
    statistics.add(golden())
    similarities = (vectors := fit(RECIPE, statistics)(clips)) @ vectors.T
    nearest = np.argsort(-similarities, axis=1)[:, 1 : _NEIGHBOURS + 1]
    prior = prior_of(RECIPE)
    return Source(clips, clips[nearest] - clips[:, None], _factor(prior.total), _factor(prior.drift))


def golden() -> Matrix:
    """Features of the 50 golden clips (50, 2, D)."""
    with np.load(SHARED / "models" / "musicnn_msd_reference.npz") as arrays:
        features: Matrix = np.stack([arrays["embedding"], arrays["drift"]], axis=1)
    return features


def _factor(covariance: npt.NDArray[np.float64]) -> Matrix:
    values, vectors = np.linalg.eigh(covariance)
    factor: Matrix = (vectors[:, -_RANK:] * np.sqrt(values[-_RANK:])).T.astype(np.float32)
    return factor


def chunks(n: int, *, seed: int = 0, own: float = OWN) -> Iterator[Raw]:
    """Embeddings and drifts (m, 2, D) of `n` tracks."""
    made_of = source()
    for number, start in enumerate(range(0, n, CHUNK)):
        rng = np.random.default_rng([seed, number])
        m = min(CHUNK, n - start)
        clip = rng.integers(len(made_of.clips), size=m)
        weights = np.float32(_REACH / np.sqrt(_NEIGHBOURS)) * rng.standard_normal((m, _NEIGHBOURS), np.float32)
        x = made_of.clips[clip]
        for which in range(len(made_of.clips)):  # one product per clip: gathering the directions would cost gigabytes
            x[clip == which] += weights[clip == which] @ made_of.directions[which]
        x += np.float32(own) * rng.standard_normal((m, _RANK), np.float32) @ made_of.total
        drift = rng.standard_normal((m, _RANK), np.float32) @ made_of.drift
        x += np.float32(_DRIFT_TO_NOISE**0.5) * rng.standard_normal((m, _RANK), np.float32) @ made_of.drift
        yield np.stack([x, drift], axis=1).astype(np.float16)


def intrinsic_dimension(vectors: Matrix, k: int = 10) -> float:
    """Mean local intrinsic dimension (Levina and Bickel 2004) from the `k` nearest neighbours of each row."""
    distances = np.sqrt(np.maximum(2 - 2 * vectors @ vectors.T, 1e-12))
    np.fill_diagonal(distances, np.inf)
    near = np.sort(distances, axis=1)[:, :k]
    return float(np.mean(1 / np.mean(np.log(near[:, -1:] / near[:, :-1]), axis=1)))


def main() -> None:
    """Print how real and synthetic clips compare."""
    statistics = Statistics(offset_of(RECIPE))
    statistics.add(golden())
    transform = fit(RECIPE, statistics)
    real = transform(golden()[:, 0])
    off = ~np.eye(len(real), dtype=bool)
    cosine = (real @ real.T)[off].mean()
    print(f"50 real clips: intrinsic dimension {intrinsic_dimension(real):.1f}, mean cosine {cosine:.2f}")
    for own in (0.0, 0.2, OWN, 0.5, 0.7):
        vectors = transform(next(iter(chunks(2000, own=own)))[:, 0])
        samples = [vectors[start : start + 50] for start in range(0, 2000, 50)]
        dimension = float(np.mean([intrinsic_dimension(sample) for sample in samples]))
        cosine = np.mean([(sample @ sample.T)[off].mean() for sample in samples])
        print(f"50 synthetic, {own:.2f} of their own: {dimension:.1f}, {cosine:.2f}")


if __name__ == "__main__":
    main()
