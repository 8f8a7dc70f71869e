"""The music there is: tracks in regions of the map, by artists, some known to all and some to nobody yet."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float32]

_ROUNDS = 25
_POPULARITY = 0.8
"""Zipf's exponent of how well tracks are known."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Tracks as columns of equal length n.

    Attributes:
        track_ids: their ids.
        titles: their titles.
        artists: the names of their main artists.
        artist_of: of each track the number of its artist.
        region_of: of each track the region of the map in which it lies, from 0.
        scene_of: of each track the scene to which its artist belongs, from 0: who likes one artist of a scene tends to
            like the others, and nobody can hear why.
        popularity: how well each is known, of sum 1.
        is_new: whether nobody has had a chance to play it.
    """

    track_ids: Sequence[str]
    titles: Sequence[str]
    artists: Sequence[str]
    artist_of: Rows
    region_of: Rows
    scene_of: Rows
    popularity: Floats
    is_new: npt.NDArray[np.bool_]

    @property
    def size(self) -> int:
        """How many tracks there are."""
        return len(self.track_ids)


def catalogue_of(
    track_ids: Sequence[str],
    titles: Sequence[str],
    artists: Sequence[str],
    points: Matrix,
    *,
    regions: int,
    scenes: int,
    new_share: float,
    rng: np.random.Generator,
) -> Catalogue:
    """A catalogue of real tracks, with what nobody knows of them invented.

    Args:
        track_ids: ids of n tracks.
        titles: their titles.
        artists: their main artists' names.
        points: n points of the map (n, 2), or vectors (n, d).
        regions: how many regions there are.
        scenes: how many scenes artists belong to.
        new_share: share of tracks that nobody has had a chance to play.
        rng: for everything that is invented.
    """
    names, artist_of = np.unique(np.asarray(artists), return_inverse=True)
    n = len(track_ids)
    known = 1.0 / np.arange(1, n + 1) ** _POPULARITY
    return Catalogue(
        track_ids,
        titles,
        artists,
        artist_of.astype(np.int64),
        regions_of(points, regions, rng),
        rng.integers(scenes, size=len(names))[artist_of],
        rng.permutation(known / known.sum()),
        rng.random(n) < new_share,
    )


def regions_of(points: Matrix, count: int, rng: np.random.Generator) -> Rows:
    """To which of `count` regions each point belongs: k-means (Lloyd 1982) from centres far apart (Arthur 2007)."""
    data = points.astype(np.float64)
    count = min(count, len(data))
    centres = data[[rng.integers(len(data))]]
    nearest = np.full(len(data), np.inf)
    while len(centres) < count:
        nearest = np.minimum(nearest, ((data - centres[-1]) ** 2).sum(1))
        total = nearest.sum()
        chosen = rng.choice(len(data), p=nearest / total) if total else rng.integers(len(data))
        centres = np.vstack([centres, data[chosen]])
    for _ in range(_ROUNDS):
        region = _closest(data, centres)
        sums, sizes = np.zeros_like(centres), np.bincount(region, minlength=count)
        np.add.at(sums, region, data)
        centres = np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None], centres)
    return _closest(data, centres)


def _closest(data: Floats, centres: Floats) -> Rows:
    distances = (centres**2).sum(1) - 2 * data @ centres.T
    closest: Rows = distances.argmin(1).astype(np.int64)
    return closest
