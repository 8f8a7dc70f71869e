"""Rows for tracks that hardly anybody plays: ridge regression of co-listening vectors on artist, album and sound.

Cold tracks take the place among the others that tracks like them have (van den Oord, Dieleman, Schrauwen 2013, "Deep
content-based music recommendation"); what artist and album say is the mean vector of their *other* tracks.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from listening.models.als import weighing
from listening.models.interactions import Floats, Numbers
from listening.models.strongest import products

EVIDENCE = 10.0
"""Listeners whose word on a track weighs as much as all that is foretold of it."""
FEW_LISTENERS = 3
"""Below so many a track is cold: nothing is learned from its vector, and places are kept for it."""
_LEAST_KNOWN = 20
_HIDDEN = 0.2
_REGULARISATIONS = (0.1, 1.0, 10.0, 100.0)
_SHARPNESS = 5.0
"""Power of the cosine: a sum over what was played shall not drown in what is like everything."""


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What is known of n tracks whether or not anybody plays them.

    `artists`, `albums`: (n,) a number for each, -1 where unknown. `sound`: (n, d) unit vectors, 0 where a track has
    none; None: of no track.
    """

    artists: Numbers
    albums: Numbers
    sound: Floats | None = None

    def say_anything(self) -> bool:
        """Whether anything is known of any track."""
        return bool((self.artists >= 0).any() or (self.albums >= 0).any() or self.sound is not None)


@dataclass(frozen=True, slots=True, eq=False)
class Foretold:
    """Vectors of tracks (n, d), unit, of those that are played blended with what is foretold; and the λ that was
    chosen."""

    vectors: Floats
    regularisation: float

    def neighbours(self, k: int, *, among: Numbers) -> sparse.csr_array:
        """The `k` of `among` (m,) nearest to each track, with the power of their cosine: (n, n)."""
        n = len(self.vectors)
        everything = len(among) == n
        found = products(self.vectors, self.vectors if everything else self.vectors[among], k, sharpness=_SHARPNESS)
        if everything:
            return found
        whole = sparse.csr_array((found.data, among[found.indices], found.indptr), shape=(n, n))
        whole.setdiag(0.0)
        whole.eliminate_zeros()
        return whole


def foretell(factors: Floats, listeners: npt.NDArray[np.int64], features: Features, seed: int = 0) -> Foretold | None:
    """Vectors for all tracks, or None where too few are played to learn from.

    A track that n listeners play keeps n / (n + 10) of its own; the λ is the one that best foretells a fifth of the
    known tracks, which were hidden.

    Args:
        factors: of the tracks (n, d), as `als.item_factors` makes them.
        listeners: distinct ones of each track (n,).
        features: of the tracks.
        seed: which tracks are hidden.
    """
    known = np.flatnonzero(listeners >= FEW_LISTENERS)
    if len(known) < _LEAST_KNOWN or not features.say_anything():
        return None
    vectors = _scaled(factors, 0.5)  # halfway to unit length: the popular shall not be all
    vectors = vectors @ weighing(vectors)
    hidden = np.random.default_rng(seed).permutation(known)[: int(_HIDDEN * len(known))]
    seen = listeners.copy()
    seen[hidden] = 0
    tried = {value: _likeness(_ridge(vectors, seen, features, value), vectors, hidden) for value in _REGULARISATIONS}
    chosen = max(tried, key=lambda value: tried[value])
    own = (listeners / (listeners + EVIDENCE)).astype(np.float32)[:, None]
    foretold = _unit(_ridge(vectors, listeners, features, chosen))
    return Foretold(_unit(own * _unit(vectors) + (1 - own) * foretold), chosen)


def _ridge(vectors: Floats, listeners: npt.NDArray[np.int64], features: Features, regularisation: float) -> Floats:
    """What features say of every track's vector (n, d), learned from those with listeners; each counts by evidence."""
    known = listeners >= FEW_LISTENERS
    inputs = _inputs(vectors, known, features)
    weights = np.where(known, listeners / (listeners + EVIDENCE), 0).astype(np.float32)
    weighted = inputs * weights[:, None]
    penalty = regularisation * float(weights[known].mean()) * np.eye(inputs.shape[1])
    solution = np.linalg.solve((weighted.T @ inputs).astype(np.float64) + penalty, weighted.T @ vectors)
    return inputs @ solution.astype(np.float32)


def _inputs(vectors: Floats, known: npt.NDArray[np.bool_], features: Features) -> Floats:
    """(n, f): a constant; of artist and album the mean vector of the other known tracks, and whether there are any;
    sound."""
    columns = [np.ones((len(vectors), 1), np.float32)]
    for groups in (features.artists, features.albums):
        columns += _mean_of_others(vectors, known, groups)
    if features.sound is not None:
        columns.append(features.sound.astype(np.float32))
    return np.hstack(columns)


def _mean_of_others(vectors: Floats, known: npt.NDArray[np.bool_], groups: Numbers) -> list[Floats]:
    has = groups >= 0
    rows = np.flatnonzero(has)
    members = sparse.csr_array(
        (np.ones(len(rows), np.float32), (rows, groups[rows])),
        shape=(len(groups), int(groups.max(initial=-1)) + 1),
    )
    counted = known.astype(np.float32)[:, None]
    sums = members @ (members.T @ (vectors * counted)) - vectors * counted * has[:, None]
    others = members @ (members.T @ counted) - counted * has[:, None]
    there = others > 0.5
    return [np.where(there, sums / np.where(there, others, 1), 0).astype(np.float32), there.astype(np.float32)]


def _likeness(foretold: Floats, vectors: Floats, rows: Numbers) -> float:
    """Mean cosine of what was foretold of `rows` and what they are."""
    return float(np.einsum("ij,ij->i", _unit(foretold[rows]), _unit(vectors[rows])).mean())


def _unit(vectors: Floats) -> Floats:
    return _scaled(vectors, 1.0)


def _scaled(vectors: Floats, power: float) -> Floats:
    """Each divided by that power of its length; 0 stays."""
    lengths: Floats = np.linalg.norm(vectors, axis=1, keepdims=True).astype(np.float32) ** np.float32(power)
    lengths[lengths == 0] = 1
    return vectors / lengths
