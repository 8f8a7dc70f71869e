"""From plays to a table: parameters are chosen on some listeners, the verdict is spoken on others, all are fitted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from earshot.colistening.manifest import Figures, Verdict
from listening.models.cold import Features
from listening.models.interactions import Interactions
from listening.models.judge import Judgement, judge, of_popularity, of_table, split, standard_error
from listening.models.ratings import rating_figures
from listening.models.recipe import Fits, Recipe

SEARCH_LISTENERS = 30_000
"""Parameters are tried on so many listeners at most."""
_SHRINKAGES = (1.0, 3.0, 10.0)
_ALS = ((10.0, 10.0, 0.0), (40.0, 10.0, 0.0), (2.0, 1.0, 1.0))
"""Confidence, regularisation, and whether it matters how often something was played."""
_EASE = (30.0, 100.0, 300.0)
_BLENDS = ((1, 1, 0), (1, 0, 1), (0, 1, 1), (1, 1, 1), (2, 1, 1), (1, 2, 1), (1, 1, 2))
_FORETOLD = (0.3, 0.6, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A recipe and how it did on listeners that it had not seen."""

    recipe: Recipe
    judgement: Judgement


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What was decided: the champion of the candidates, and whether its table enters service."""

    champion: Judged
    candidates: Mapping[str, Figures]
    baselines: Mapping[str, Figures]
    verdict: Verdict


def choose(interactions: Interactions, features: Features | None, serving: Recipe | None, seed: int = 0) -> Outcome:
    """Find the best recipe for these plays, and decide whether it serves.

    Parameters and champion are chosen by NDCG@10 on the validation listeners, of each model alone, of their blends, and
    of blends with what is foretold; figures and verdict are of the test listeners, whom nothing has seen. The recipe
    that serves is fitted on the same data and judged on the same listeners: its own table has seen them.

    Args:
        interactions: of all listeners, each one's items in temporal order.
        features: what else is known of the tracks; None: nothing.
        serving: the recipe of the table that serves; None: none does.
        seed: of the split and of whatever is drawn.
    """
    parts = split(interactions, seed)
    fits = Fits(parts.train, features, seed)
    ratings = rating_figures(interactions, seed)
    return decide(fits, _few(fits, seed), parts.validation, parts.test, serving=serving, ratings=ratings)


def decide(
    fits: Fits,
    few: Fits,
    validation: Interactions,
    test: Interactions,
    *,
    serving: Recipe | None,
    ratings: Mapping[str, Mapping[str, float]],
) -> Outcome:
    """The same, of what was fitted on all listeners but those of `validation` and `test`, wherever that was done.

    Args:
        fits: of all of them.
        few: of some of them, on which parameters are tried; or the same.
        validation: to choose on.
        test: to decide on.
        serving: the recipe of the table that serves; None: none does.
        ratings: errors of models of ratings, which are told and decide nothing.
    """
    chosen, tried = _search(few, validation)
    judged = [Judged(recipe, judge(of_table(fits.table(recipe)), test)) for recipe in tried]
    champion = judged[tried.index(chosen)]
    popularity = judge(of_popularity(fits.listeners), test)
    before = judge(of_table(fits.table(serving)), test) if serving else None
    return Outcome(
        champion=champion,
        candidates={one.recipe.name: one.judgement.figures() for one in judged},
        baselines={
            "popularity": popularity.figures(),
            **({"serving": before.figures()} if before else {}),
            **{f"ratings_{name}": errors for name, errors in ratings.items()},
        },
        verdict=verdict(champion.judgement, popularity, before),
    )


def verdict(champion: Judgement, popularity: Judgement, serving: Judgement | None) -> Verdict:
    """A table enters service if it is better than popularity, and not worse than what serves by more than a standard
    error: by NDCG@10, on the same listeners."""
    found, least = ndcg_of(champion), ndcg_of(popularity)
    if not len(champion.ndcg) or found <= least:
        return Verdict(False, f"NDCG@10 {found:.4f} is not above popularity's, {least:.4f}")
    if serving is None:
        return Verdict(True, f"NDCG@10 {found:.4f} is above popularity's, {least:.4f}, and nothing serves yet")
    bar = ndcg_of(serving) - standard_error(serving.ndcg)
    if found < bar:
        return Verdict(False, f"NDCG@10 {found:.4f} is below what serves by more than a standard error, {bar:.4f}")
    return Verdict(True, f"NDCG@10 {found:.4f}; what serves has {ndcg_of(serving):.4f}, popularity {least:.4f}")


def ndcg_of(judgement: Judgement) -> float:
    """Mean NDCG@10, 0 of nobody."""
    return float(judgement.ndcg.mean()) if len(judgement.ndcg) else 0.0


def _few(fits: Fits, seed: int) -> Fits:
    """The same where its listeners are few, else of some of them."""
    everybody = fits.interactions
    if everybody.n_listeners <= SEARCH_LISTENERS:
        return fits
    some = np.random.default_rng(seed).permutation(everybody.n_listeners)[:SEARCH_LISTENERS]
    return Fits(everybody.of(np.sort(some)), fits.features, seed)


def _search(fits: Fits, validation: Interactions) -> tuple[Recipe, list[Recipe]]:
    """The best recipe, and the best of each kind: each model alone, blends, blends with what is foretold."""
    found: dict[Recipe, float] = {}

    def best(recipes: Iterable[Recipe]) -> Recipe:
        scores = {recipe: ndcg_of(judge(of_table(fits.table(recipe)), validation)) for recipe in recipes}
        winner = max(scores, key=lambda recipe: scores[recipe])
        found[winner] = scores[winner]
        return winner

    knn = best(Recipe(knn=1, shrinkage=value) for value in _SHRINKAGES)
    als = best(
        Recipe(als=1, als_confidence=alpha, als_regularisation=value, als_counts=counts)
        for alpha, value, counts in _ALS
    )
    ease = best(Recipe(ease=1, ease_regularisation=value) for value in _EASE)
    together = replace(
        knn,
        als_confidence=als.als_confidence,
        als_regularisation=als.als_regularisation,
        als_counts=als.als_counts,
        ease_regularisation=ease.ease_regularisation,
    )
    blend = best(replace(together, knn=k, als=a, ease=e) for k, a, e in _BLENDS)
    if fits.features is not None and fits.features.say_anything():
        best(replace(blend, foretold=share) for share in _FORETOLD)
    return max(found, key=lambda recipe: found[recipe]), list(found)
