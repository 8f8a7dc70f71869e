"""How a co-listening table is made: which models have a say, how loud, and what tracks without listeners get."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self

import numpy as np
from scipy import sparse

from earshot.colistening.rows import PER_TRACK
from listening.models.als import Als, factor_neighbours, item_factors
from listening.models.cold import EVIDENCE, FEW_LISTENERS, Features, Foretold, foretell
from listening.models.ease import ease_neighbours
from listening.models.interactions import Floats, Interactions
from listening.models.knn import co_counts, cosine_neighbours
from listening.models.strongest import levelled, scaled, strongest

_WIDTH = 2 * PER_TRACK
"""Neighbours of each model that a blend is made of."""
_COLD_PLACES = 10
"""Of a row's neighbours so many may be tracks that hardly anybody plays: else none would ever be found."""
_LEAST_FORETOLD = 0.3
"""The weight of a cold track among a row's neighbours, where played ones take nothing of what is foretold."""
_LOUD = 20


@dataclass(frozen=True, slots=True)
class Recipe:
    """Parameters of the models, the weight of each (0: not fitted), and of what is foretold."""

    knn: float = 0.0
    als: float = 0.0
    ease: float = 0.0
    shrinkage: float = 3.0
    als_confidence: float = 10.0
    als_regularisation: float = 10.0
    als_counts: float = 0.0
    ease_regularisation: float = 100.0
    foretold: float = 0.0
    """How much a track with few listeners takes of what artist, album and sound foretell: with n of them 10 / (n + 10)
    of that. One without a row of its own has nothing else."""

    @property
    def name(self) -> str:
        """The models that have a say."""
        models = [name for name in ("knn", "als", "ease") if getattr(self, name)]
        return "+".join([*models, *(["foretold"] if self.foretold else [])])

    def to_parameters(self) -> dict[str, float | int | str]:
        """For a manifest."""
        return asdict(self)

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, float | int | str]) -> Self:
        """Inverse of `to_parameters`; what this code does not know of is left out."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: float(value) for name, value in parameters.items() if name in known})


class Fits:
    """What was fitted on some listeners, each model once: recipes differ in what they make of it.

    Args:
        interactions: what to learn from.
        features: what else is known of the tracks; None: nothing.
        seed: of whatever is drawn.
    """

    def __init__(self, interactions: Interactions, features: Features | None = None, seed: int = 0) -> None:
        self.interactions = interactions
        self.listeners = interactions.listeners_of_items()
        self.features = features
        self._seed = seed
        self._rows: dict[tuple[str, float | Als], sparse.csr_array] = {}
        self._factors: dict[Als, Floats] = {}
        self._foretold: dict[Als, tuple[sparse.csr_array, sparse.csr_array] | None] = {}

    def table(self, recipe: Recipe) -> sparse.csr_array:
        """The 50 neighbours of every track, their weights: a row's sum is 1, or 0 where nothing is known."""
        own = self._own(recipe)
        found = self._neighbours_foretold(recipe)
        if found is None:
            return levelled(strongest(own, PER_TRACK))
        known, cold = found
        share = recipe.foretold * EVIDENCE / (self.listeners + EVIDENCE)
        share[np.diff(own.indptr) == 0] = 1.0
        warm = scaled(own, 1 - share) + scaled(known, share)
        return levelled(_with_places(sparse.csr_array(warm), cold, max(recipe.foretold, _LEAST_FORETOLD)))

    def _own(self, recipe: Recipe) -> sparse.csr_array:
        """What listeners say of every track, in rows whose sum is 1."""
        parts = [
            (weight, self._of_model(name, recipe))
            for name, weight in (("knn", recipe.knn), ("als", recipe.als), ("ease", recipe.ease))
            if weight
        ]
        blended = sum((rows * np.float32(weight / _loudness(rows)) for weight, rows in parts[1:]), start=_first(parts))
        return levelled(strongest(sparse.csr_array(blended), PER_TRACK))

    def _of_model(self, name: str, recipe: Recipe) -> sparse.csr_array:
        parameters: dict[str, float | Als] = {"knn": recipe.shrinkage, "als": self._als(recipe)}
        key = name, parameters.get(name, recipe.ease_regularisation)
        if key not in self._rows:
            self._rows[key] = self.fitted(name, recipe)
        return self._rows[key]

    def fitted(self, name: str, recipe: Recipe) -> sparse.csr_array:
        """The strongest 100 neighbours of every track by the model `name`."""
        if name == "knn":
            counts = co_counts(self.interactions)
            return cosine_neighbours(counts, self.listeners, shrinkage=recipe.shrinkage, k=_WIDTH)
        if name == "als":
            return factor_neighbours(self.factors(recipe), _WIDTH)
        return ease_neighbours(self.interactions, regularisation=recipe.ease_regularisation, k=_WIDTH)

    def factors(self, recipe: Recipe) -> Floats:
        """Vectors of the tracks by ALS (n, d)."""
        how = self._als(recipe)
        if how not in self._factors:
            self._factors[how] = self.factorised(how)
        return self._factors[how]

    def factorised(self, how: Als) -> Floats:
        """Vectors of the tracks (n, d)."""
        return item_factors(self.interactions, how)

    def _als(self, recipe: Recipe) -> Als:
        return Als(recipe.als_confidence, recipe.als_regularisation, recipe.als_counts, seed=self._seed)

    def foretell(self, recipe: Recipe) -> Foretold | None:
        """What artist, album and sound say of the tracks; None where they say nothing."""
        if self.features is None:
            return None
        return foretell(self.factors(recipe), self.listeners, self.features, self._seed)

    def _neighbours_foretold(self, recipe: Recipe) -> tuple[sparse.csr_array, sparse.csr_array] | None:
        """Neighbours among the tracks that are played, and among the cold ones: shares of each row's sum."""
        key = self._als(recipe)
        if key not in self._foretold:
            foretold = self.foretell(recipe)
            self._foretold[key] = None if foretold is None else self._shares(foretold)
        return self._foretold[key]

    def _shares(self, foretold: Foretold) -> tuple[sparse.csr_array, sparse.csr_array]:
        warm = np.flatnonzero(self.listeners >= FEW_LISTENERS)
        cold = np.flatnonzero(self.listeners < FEW_LISTENERS)
        known = foretold.neighbours(PER_TRACK, among=warm)
        sums = np.asarray(known.sum(axis=1)).ravel()
        by = 1 / np.where(sums > 0, sums, 1)
        return scaled(known, by), scaled(foretold.neighbours(_COLD_PLACES, among=cold), by)


def _first(parts: list[tuple[float, sparse.csr_array]]) -> sparse.csr_array:
    weight, rows = parts[0]
    return sparse.csr_array(rows * np.float32(weight / _loudness(rows)))


def _loudness(rows: sparse.csr_array) -> float:
    """The mean of what is among the strongest 20 of its row: weights of models are brought to one scale by it."""
    best = strongest(rows, _LOUD)
    return float(best.data.mean()) if best.nnz else 1.0


def _with_places(warm: sparse.csr_array, cold: sparse.csr_array, weight: float) -> sparse.csr_array:
    """The strongest of `warm`, as many as the neighbours in `cold`, at most ten of a row, leave room for."""
    taken = np.diff(cold.indptr)
    if not taken.any():
        return strongest(warm, PER_TRACK)
    best = strongest(warm, PER_TRACK)
    rows = np.repeat(np.arange(best.shape[0]), np.diff(best.indptr))
    order = np.lexsort((best.indices, -best.data, rows))
    place = np.empty(best.nnz, np.intp)
    place[order] = np.arange(best.nnz) - best.indptr[rows]
    best.data[place >= PER_TRACK - taken[rows]] = 0.0
    best.eliminate_zeros()
    return sparse.csr_array(best + cold * np.float32(weight))
