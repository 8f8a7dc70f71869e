"""How good answers are, against a known taste: nDCG by how much somebody has played, and by how new tracks are."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from simulator.catalogue import Catalogue, Floats
from simulator.people import Person, affinity
from simulator.sessions import Listening, SimulatedPlay

LENGTHS = (0, 3, 30)
"""Of histories, in plays that were not skipped."""
WAYS: Mapping[str, float] = {"sound": 0.0, "listening": 1.0, "hybrid": 0.5}
"""By which answers are made: how much listening weighs."""
POPULAR = "popular"
"""For comparison: what everybody plays, for everybody."""
AGES = ("all", "new")
"""All tracks, and those alone that nobody has had a chance to play."""
K = 10
ASKED = 50
"""Results of one question, so that there are some that count."""
_SESSION = 10

Counts = npt.NDArray[np.bool_]
"""Of each track (n,) whether it counts."""
Ask = Callable[[Sequence[SimulatedPlay], float, Counts], Sequence[int]]
"""Tracks for somebody with these plays, best first, at a weight of listening. Those that do not count may be among
them."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Somebody nobody has learned from, with all that they will have played."""

    person: Person
    plays: Sequence[SimulatedPlay]

    def history(self, length: int) -> list[SimulatedPlay]:
        """The first plays, up to so many that were not skipped."""
        history: list[SimulatedPlay] = []
        heard = 0
        for play in self.plays:
            if heard == length:
                break
            history.append(play)
            heard += not play.skipped
        return history


@dataclass(slots=True)
class Figures:
    """nDCG of each question that was asked, by way, length of history and age of tracks."""

    values: dict[tuple[str, int, str], list[float]] = field(default_factory=lambda: defaultdict(list))

    def mean(self, way: str, length: int, age: str) -> float:
        """Of all held-out people."""
        return float(np.mean(self.values[way, length, age]))

    def lead(self, length: int, age: str) -> tuple[float, float]:
        """By how much hybrid is better than the better of both others, in the mean, and the standard error of that."""
        better = max(("sound", "listening"), key=lambda way: self.mean(way, length, age))
        pairs = zip(self.values["hybrid", length, age], self.values[better, length, age], strict=True)
        differences = np.array([ours - theirs for ours, theirs in pairs])
        return float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(len(differences)))


def held_out(people: Iterable[Person], catalogue: Catalogue, ends_at: int, rng: np.random.Generator) -> list[HeldOut]:
    """People with enough plays for the longest history."""
    return [HeldOut(person, _plays(person, number, catalogue, ends_at, rng)) for number, person in enumerate(people)]


def judged(people: Sequence[HeldOut], catalogue: Catalogue, ask_of: Callable[[HeldOut, int], Ask]) -> Figures:
    """The figures of all. `ask_of`: makes what asks for somebody with a history of a length."""
    figures = Figures()
    ages = {"all": np.ones(catalogue.size, bool), "new": catalogue.is_new}
    fame = np.argsort(-catalogue.popularity * ~catalogue.is_new).tolist()
    for one in people:
        liked = affinity(one.person, catalogue)
        for length in LENGTHS:
            history = one.history(length)
            ask = ask_of(one, length)
            for age, counts in ages.items():
                left = counts.copy()
                left[[play.track for play in history]] = False
                found = {way: ask(history, weight, left) for way, weight in WAYS.items()} | {POPULAR: fame}
                for way, tracks in found.items():
                    value = ndcg([track for track in tracks if left[track]], liked, left)
                    figures.values[way, length, age].append(value)
    return figures


def ndcg(found: Sequence[int], liked: Floats, counts: Counts, k: int = K) -> float:
    """Normalised discounted cumulative gain at `k` (Järvelin, Kekäläinen 2002): gains are affinities, the ideal is the
    best order of all tracks that count."""
    discounts = 1 / np.log2(np.arange(2, k + 2))
    gains = liked[list(found[:k])]
    best = np.sort(liked[counts])[::-1][:k]
    ideal = float(best @ discounts[: len(best)])
    return float(gains @ discounts[: len(gains)]) / ideal if ideal else 0.0


def _plays(
    person: Person, number: int, catalogue: Catalogue, ends_at: int, rng: np.random.Generator
) -> list[SimulatedPlay]:
    """Sessions up to `ends_at`, in which the longest history lies."""
    listening, plays, heard, hours = Listening(person, catalogue), list[SimulatedPlay](), 0, 40
    while heard < max(LENGTHS) and hours:
        session = listening.session(number, ends_at - hours * 3_600, _SESSION, rng)
        plays += session
        heard += sum(not play.skipped for play in session)
        hours -= 1
    return plays
