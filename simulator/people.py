"""People whose taste is known: how much each likes each track, and how that changes."""

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from simulator.catalogue import Catalogue, Floats, Rows

_REGIONS_AT_ONCE, _SCENES_AT_ONCE = 0.25, 0.4
"""Concentration of the Dirichlet distributions: the smaller, the fewer regions (scenes) has somebody's heart."""
_SCENE_LIFTS, _FAVOURITE_LIFTS = 3.0, 2.5
_FAVOURITES = 5
_LEAST = 0.02
_DRIFT_DAYS = 120.0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who listens.

    Attributes:
        name: theirs.
        key: with which their plays are sent.
        regions: how much of their heart each region of the map has, of sum 1.
        later: the same, towards which it drifts.
        scenes: the same of scenes.
        favourites: numbers of artists.
        patience: 0 to 1, how rarely what they do not like is skipped.
        sessions_a_day: how often they listen, on average.
    """

    name: str
    key: str
    regions: Floats
    later: Floats
    scenes: Floats
    favourites: Rows
    patience: float
    sessions_a_day: float


def invented(count: int, catalogue: Catalogue, seed: int) -> list[Person]:
    """`count` people; the same for the same seed and catalogue."""
    from faker import Faker  # late: no need of it where people are read from a file

    faker, rng = Faker(), np.random.default_rng(seed)
    faker.seed_instance(seed)
    regions, scenes = int(catalogue.region_of.max()) + 1, int(catalogue.scene_of.max()) + 1
    people = []
    for number in range(count):
        name = faker.name()
        first, second = rng.dirichlet(np.full(regions, _REGIONS_AT_ONCE), 2)
        person = Person(
            name,
            f"simulated-{hashlib.sha256(f'{name} {seed} {number}'.encode()).hexdigest()[:24]}",
            first,
            0.5 * first + 0.5 * second,
            rng.dirichlet(np.full(scenes, _SCENES_AT_ONCE)),
            np.array([], dtype=np.int64),
            float(rng.beta(2, 2)),
            float(rng.gamma(2.0, 0.5)) + 0.1,
        )
        liked = affinity(person, catalogue) * catalogue.popularity
        chosen = rng.choice(catalogue.size, min(_FAVOURITES, catalogue.size), replace=False, p=liked / liked.sum())
        people.append(replace(person, favourites=np.unique(catalogue.artist_of[chosen])))
    return people


def affinity(person: Person, catalogue: Catalogue, day: float = 0.0) -> Floats:
    """How much the person likes each track, 0 to 1: the truth that is to be found.

    What a region has of somebody's heart, lifted by the scene of the artist and by being a favourite. `day`: how many
    days have gone by; tastes drift with them.
    """
    gone = min(1.0, day / _DRIFT_DAYS)
    heart = (1 - gone) * person.regions + gone * person.later
    scenes = person.scenes / person.scenes.max()
    favourite = np.isin(catalogue.artist_of, person.favourites)
    liked = (heart / heart.max())[catalogue.region_of] + _LEAST
    liked = liked * (1 + _SCENE_LIFTS * scenes[catalogue.scene_of]) * np.where(favourite, _FAVOURITE_LIFTS, 1.0)
    result: Floats = liked / liked.max()
    return result
