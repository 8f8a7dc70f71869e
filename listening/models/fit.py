"""A full fit: from who played what to the rows of a table. Deterministic; memory is bounded by blocks."""

import numpy as np
import numpy.typing as npt

from earshot.colistening.rows import TableRows
from earshot.index.arrays import Ids
from listening.models.cold import Features
from listening.models.interactions import Interactions
from listening.models.recipe import Fits, Recipe
from listening.models.table import table_rows


def fit(
    interactions: Interactions,
    recipe: Recipe,
    *,
    ids: Ids,
    plays: npt.NDArray[np.integer],
    features: Features | None = None,
    seed: int = 0,
) -> TableRows:
    """The table of the tracks `ids`.

    Args:
        interactions: of all listeners; items are places in `ids`.
        recipe: the champion's.
        ids: of the tracks (n,), ascending.
        plays: of each track (n,).
        features: what else is known of the tracks; None: nothing.
        seed: of whatever is drawn.
    """
    rows = Fits(interactions, features, seed).table(recipe)
    return table_rows(rows, interactions, ids, plays)
