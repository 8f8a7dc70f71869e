"""Unit vectors of what was heard, by a recipe that is fitted to a catalogue, as the index fits it."""

import numpy as np
import numpy.typing as npt

from annoy_service.fit import Statistics, fit, offset_of
from earshot.index.transform import CatalogueTransform
from earshot.recipes import Recipe


def fitted(recipe: Recipe, raw: npt.NDArray[np.float16]) -> CatalogueTransform:
    """The recipe's transform for a catalogue of these tracks: embeddings and drifts (n, 2, D)."""
    statistics = Statistics(offset_of(recipe))
    statistics.add(raw)
    return fit(recipe, statistics)
