"""What people play: sessions of some tracks one after another, some of them skipped."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from simulator.catalogue import Catalogue, Floats
from simulator.people import Person, affinity

_DAY_S, _HOUR_S = 86_400, 3_600
_TRACKS = 10.0
"""Of a session, on average."""
_CURIOSITY = 0.15
"""Share of plays that are merely what everybody plays."""
_FAME = 0.7
"""How much being known counts beside being liked: plays are drawn by affinity² × popularity^fame."""
_GAP_S, _LENGTH_S = 5, 210
_SKIP_S = 20


@dataclass(frozen=True, slots=True)
class SimulatedPlay:
    """A play: of whom and of which track, by their numbers."""

    person: int
    track: int
    listened_at: int
    played_ms: int
    skipped: bool


class Listening:
    """How somebody chooses and skips on a day.

    Args:
        person: who.
        catalogue: of what.
        day: how many days have gone by.
    """

    def __init__(self, person: Person, catalogue: Catalogue, day: float = 0.0) -> None:
        self._liked = affinity(person, catalogue, day)
        there = ~catalogue.is_new
        known = catalogue.popularity * there
        wanted = self._liked**2 * catalogue.popularity**_FAME * there
        self._odds: Floats = np.cumsum((1 - _CURIOSITY) * wanted / wanted.sum() + _CURIOSITY * known / known.sum())
        self._patience = person.patience

    def session(self, person: int, begins_at: int, tracks: int, rng: np.random.Generator) -> list[SimulatedPlay]:
        """So many tracks, none twice."""
        plays: list[SimulatedPlay] = []
        heard: set[int] = set()
        at = begins_at
        for draw in rng.random(2 * tracks) * self._odds[-1]:
            track = int(np.searchsorted(self._odds, draw, side="right"))
            if track in heard or len(plays) == tracks:
                continue
            heard.add(track)
            is_skipped = bool(rng.random() > self._patience + (1 - self._patience) * min(1.0, 3 * self._liked[track]))
            seconds = _SKIP_S if is_skipped else _LENGTH_S
            plays.append(SimulatedPlay(person, track, at, 1000 * seconds, is_skipped))
            at += seconds + _GAP_S
        return plays


def sessions(
    people: Sequence[Person], catalogue: Catalogue, days: int, ends_at: int, rng: np.random.Generator
) -> Iterator[list[SimulatedPlay]]:
    """The sessions of everybody in `days` days before `ends_at` (Unix seconds), in the order of their days."""
    for day in range(days):
        began = ends_at - (days - day) * _DAY_S
        for number in rng.permutation(len(people)):
            person = people[number]
            times = int(rng.poisson(person.sessions_a_day))
            if not times:
                continue
            listening = Listening(person, catalogue, day)
            for hour in sorted(rng.choice(24, size=min(times, 24), replace=False)):
                tracks = 1 + int(rng.poisson(_TRACKS - 1))
                begins_at = began + int(hour) * _HOUR_S + int(rng.integers(_HOUR_S // 2))
                yield listening.session(int(number), begins_at, tracks, rng)
