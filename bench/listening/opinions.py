"""What loves and bans are worth to a model: invented people of known taste (`simulator`) play, love some of what they
like and ban some of what they do not; held-out people are then recommended tracks from their plays, by listening alone.

`python -m bench.listening.opinions` prints nDCG@10 against their taste for each weight of a love, and how much better
it is than without opinions, in standard errors over people.
"""

import json
import sys

import numpy as np
from scipy import sparse

from bench.figures import Figures
from lab.invented import synthetic
from listening.models.interactions import (
    Evidence,
    Floats,
    Interactions,
    evidence_of_plays,
    only,
    with_opinions,
)
from listening.models.recipe import Fits, Recipe
from simulator.catalogue import Catalogue
from simulator.judging import HeldOut, held_out, ndcg
from simulator.people import Person, affinity, invented
from simulator.sessions import sessions

LOVES = (0.0, 4.0, 8.0, 16.0)
"""Plays that a love may be worth."""
_RECIPES = {"knn": Recipe(knn=1), "als": Recipe(als=1, als_confidence=2, als_regularisation=1, als_counts=1)}
_BLEND = Recipe(knn=1, als=1, ease=1, als_confidence=2, als_regularisation=1, als_counts=1)
_PEOPLE, _OTHERS, _DAYS, _SEEDS, _HISTORY = 400, 150, 20, 4, 30
_ENDS_AT = 1_780_000_000
_SAY = 0.15
"""How often somebody says what they think of a track that they have played."""
_LOVE_AT, _BAN_AT = 0.5, 0.05
"""They love what they like so much at least, and ban what they like no more than so much."""


def measure() -> Figures:
    """nDCG@10 by model and weight of a love, with bans and without any opinion."""
    found: dict[str, list[Floats]] = {}
    said = 0
    for seed in range(_SEEDS):
        rng, choices, futures = np.random.default_rng(seed).spawn(3)
        catalogue, _ = synthetic(rng)
        people = invented(_PEOPLE + _OTHERS, catalogue, seed)
        plays, opinions = _said(people[:_PEOPLE], catalogue, choices)
        said += len(opinions.at)
        others = held_out(people[_PEOPLE:], catalogue, _ENDS_AT, futures)
        for name, evidence, love in _variants(plays, opinions):
            interactions = Interactions.of_evidence(
                evidence, n_listeners=_PEOPLE, n_items=catalogue.size, a_love_counts=love
            )
            fits = Fits(interactions)
            for model, recipe in {**_RECIPES, "blend": _BLEND}.items():
                found.setdefault(f"{model}, {name}", []).append(_judged(fits.table(recipe), others, catalogue))
    means = {name: np.concatenate(values) for name, values in found.items()}
    return {
        "opinions": said,
        "ndcg10": {
            name: [round(float(values.mean()), 4), *_lead(values, means[f"{name.partition(',')[0]}, none"])]
            for name, values in means.items()
        },
    }


def _lead(values: Floats, before: Floats) -> list[float]:
    """By how much it is better, and the standard error of that."""
    differences = values - before
    return [round(float(differences.mean()), 4), round(float(differences.std() / np.sqrt(len(differences))), 4)]


def _variants(plays: Evidence, said: Evidence) -> list[tuple[str, Evidence, float]]:
    every = [(f"love {love:g}, bans", with_opinions(plays, said), love) for love in LOVES]
    return [("none", plays, 0.0), ("bans alone", with_opinions(plays, only(said, said.feedback < 0)), 0.0), *every]


def _said(people: list[Person], catalogue: Catalogue, rng: np.random.Generator) -> tuple[Evidence, Evidence]:
    """What they played, and what they said of it."""
    plays = [play for session in sessions(people, catalogue, _DAYS, _ENDS_AT, rng) for play in session]
    who, what = np.array([play.person for play in plays]), np.array([play.track for play in plays])
    at, skipped = np.array([play.listened_at for play in plays]), np.array([play.skipped for play in plays])
    played = evidence_of_plays(who, what, at, skipped)
    liked = np.array([affinity(person, catalogue) for person in people])[played.listeners, played.items]
    feedback = (liked >= _LOVE_AT).astype(np.int64) - (liked <= _BAN_AT)
    chosen = np.flatnonzero((feedback != 0) & (rng.random(len(liked)) < _SAY))
    none = np.zeros(len(chosen), np.int64)
    who, what, at = played.listeners[chosen], played.items[chosen], played.at[chosen]
    return played, Evidence(who, what, none, none, at, feedback[chosen])


def _judged(rows: sparse.csr_array, others: list[HeldOut], catalogue: Catalogue) -> Floats:
    """nDCG@10 of each of the others, who have not played what is new to everybody either."""
    found = []
    for one in others:
        history = np.unique([play.track for play in one.history(_HISTORY) if not play.skipped])
        counts = ~catalogue.is_new
        counts[history] = False
        scores = np.asarray(rows[history].sum(axis=0)).ravel() * counts
        best = np.argsort(-scores, kind="stable")[:10].tolist()
        found.append(ndcg(best, affinity(one.person, catalogue), counts))
    return np.array(found, np.float32)


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
    sys.exit(0)
