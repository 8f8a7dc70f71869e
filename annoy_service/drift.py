"""How far a catalogue has moved: from what its transform was fitted to, and from what it was when last looked at.

From each figure is taken what chance alone makes of samples of these sizes: small catalogues do not cry wolf.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
import numpy.typing as npt

from earshot.index.transform import CatalogueTransform, Matrix
from earshot.track import Tag

_PART = 512


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and variance of a sample of catalogue along each of the transform's directions (dim,), and its size."""

    mean: Sequence[float]
    variance: Sequence[float]
    tracks: int


def spread(transform: CatalogueTransform, embeddings: Matrix) -> Spread:
    """Of `embeddings` (n, raw_dim), before they are made unit vectors."""
    along = ((embeddings - transform.mean) * transform.scale) @ transform.projection
    return Spread(along.mean(axis=0).tolist(), along.var(axis=0).tolist(), len(along))


def moved(before: Spread, now: Spread) -> float:
    """The Fréchet distance of two Gaussians with diagonal covariances (Dowson & Landau 1982), squared, in units of the
    variance there was, less what it would be between two samples of one catalogue; at least 0.

    The directions are those in which a catalogue varies most, one independent of the other, so a diagonal says it all.
    """
    mean, variance = np.array(before.mean), np.array(before.variance)
    distance = ((np.array(now.mean) - mean) ** 2 + (np.sqrt(now.variance) - np.sqrt(variance)) ** 2).sum()
    by_chance = 1.5 * (1 / before.tracks + 1 / now.tracks)  # of the mean 1/n of the variance, of the deviation 1/2n
    return max(0.0, float(distance / max(variance.sum(), np.finfo(np.float32).tiny)) - by_chance)


def halves_found(
    transform: CatalogueTransform, raw: npt.NDArray[np.float32], asked: npt.NDArray[np.intp]
) -> npt.NDArray[np.bool_]:
    """Of each of `asked` (rows of `raw`), whether its first half finds its own second half nearest of all rows'.

    `raw` (n, 2, raw_dim) is embedding and drift, which tell the halves of a clip apart: the drift is the difference of
    their means.
    """
    first, second = (transform(raw[:, 0] + half * raw[:, 1]) for half in (0.5, -0.5))
    found = [
        (first[rows] @ second.T).argmax(axis=1) == rows
        for rows in np.array_split(asked, math.ceil(len(asked) / _PART) or 1)
    ]
    return np.concatenate(found)


def first_tags(tags: Iterable[Sequence[Tag]]) -> dict[str, float]:
    """By name, the share of tracks of which a tag is the strongest; of all that have tags."""
    names = Counter(max(each, key=attrgetter("probability")).name for each in tags if each)
    return {name: count / names.total() for name, count in sorted(names.items())}


def tags_moved(before: Mapping[str, float], now: Mapping[str, float], sizes: tuple[int, int]) -> float:
    """The share of tracks whose strongest tag would have to be another one (the total variation distance), less what it
    would be between two samples of one catalogue of these sizes; at least 0."""
    names = before.keys() | now.keys()
    distance = sum(abs(now.get(name, 0.0) - before.get(name, 0.0)) for name in names) / 2
    variances = (before.get(name, 0.0) * (1 - before.get(name, 0.0)) for name in names)
    wavers = sum(1 / size for size in sizes)
    return max(0.0, distance - sum(math.sqrt(2 / math.pi * variance * wavers) for variance in variances) / 2)
