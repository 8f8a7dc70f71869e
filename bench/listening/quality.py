"""What the champion's table finds for new listeners beside the models in full, and for tracks that nobody has played.

Every parameter is chosen on validation listeners; figures are those of the test listeners, whom nothing has seen.
"""

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from bench.figures import Figures
from bench.listening.data import Data
from listening.models.als import Als, item_factors, solved, weighing
from listening.models.ease import ease_weights
from listening.models.interactions import Floats, Interactions
from listening.models.judge import (
    SHARE_GIVEN,
    Judgement,
    Ranker,
    judge,
    judge_on,
    of_popularity,
    of_scores,
    of_table,
    split,
)
from listening.models.knn import co_counts, cosine_neighbours
from listening.models.learn import Outcome, choose, ndcg_of
from listening.models.recipe import Fits

_SHRINKAGES = (1.0, 3.0, 10.0, 30.0)
_ALS = (Als(10, 10), Als(40, 10), Als(10, 1), Als(2, 1, 1))
_EASE = (30.0, 100.0, 300.0)
_HIDDEN = 0.2


def against_models_in_full(data: Data) -> tuple[Figures, Outcome]:
    """The champion, its rivals in the same form, and item-kNN, EASE and ALS as they are, of whatever size."""
    parts = split(data.interactions)
    outcome = choose(data.interactions, data.features, None)
    full: dict[str, Figures] = {}
    for name, rankers in (("knn", _knn), ("als", _als), ("ease", _ease)):
        best: tuple[float, Judgement] | None = None
        for ranker in rankers(parts.train):
            chosen = ndcg_of(judge(ranker, parts.validation))
            if best is None or chosen > best[0]:
                best = chosen, judge(ranker, parts.test)
        full[name] = best[1].figures() if best else {}
    return {
        "champion": outcome.champion.recipe.name,
        "parameters": outcome.champion.recipe.to_parameters(),
        "figures": outcome.champion.judgement.figures(),
        "as_tables": outcome.candidates,
        "in_full": full,
        "baselines": outcome.baselines,
        "verdict": outcome.verdict.reason,
    }, outcome


def cold_tracks(data: Data, outcome: Outcome) -> Figures:
    """A fifth of the tracks hidden from all that is learned: what of them the table finds, ranked among themselves."""
    parts, n_items = split(data.interactions), data.interactions.n_items
    hidden = np.random.default_rng(7).random(n_items) < _HIDDEN
    fits = Fits(parts.train.only(~hidden), data.features)
    ranker = of_table(fits.table(outcome.champion.recipe), among=hidden)
    first, last = parts.test.divided(SHARE_GIVEN)
    given = first.only(~hidden)
    popular = of_popularity(_of_their_artists(fits, data, hidden))
    return {
        "tracks": int(hidden.sum()),
        "table": judge_on(ranker, given, parts.test.only(hidden)).figures(),
        "table_later_fifth": judge_on(ranker, given, last.only(hidden)).figures(),
        "artists_popularity": judge_on(popular, given, parts.test.only(hidden)).figures(),
    }


def _of_their_artists(fits: Fits, data: Data, hidden: np.ndarray) -> np.ndarray:
    """Listeners of the artists of the hidden tracks; 0 for the others."""
    if data.features is None:
        return np.zeros(len(hidden), np.int64)
    by_artist = np.bincount(data.features.artists, fits.listeners)
    return np.where(hidden, by_artist[data.features.artists], 0).astype(np.int64)


def _knn(train: Interactions) -> Iterator[Ranker]:
    listeners = train.listeners_of_items()
    for shrinkage in _SHRINKAGES:
        yield of_table(cosine_neighbours(co_counts(train), listeners, shrinkage=shrinkage, k=train.n_items))


def _ease(train: Interactions) -> Iterator[Ranker]:
    for regularisation in _EASE:
        weights = ease_weights(train, regularisation=regularisation, items=np.arange(train.n_items))
        yield _of_weights(weights.astype(np.float32))


def _als(train: Interactions) -> Iterator[Ranker]:
    """Both ways to meet a new listener: solved for, and by what every item says."""
    for how in _ALS:
        items = item_factors(train, how)
        weighed = items @ weighing(items)
        yield _of_weights(weighed @ weighed.T)
        yield _folded_in(items, how)


def _of_weights(weights: Floats) -> Ranker:
    return of_scores(lambda played: played @ weights)


def _folded_in(items: Floats, how: Als) -> Ranker:
    gram = items.T @ items + np.float32(how.regularisation) * np.eye(items.shape[1], dtype=np.float32)

    def scores(played: sparse.csr_array) -> Floats:
        weights = sparse.csr_array(played * np.float32(how.confidence))
        listeners = np.zeros((played.shape[0], items.shape[1]), np.float32)
        for _ in range(3):
            listeners = solved(weights, weights.data + np.float32(1), items, gram, listeners)
        return listeners @ items.T

    return of_scores(scores)
