"""Simulated listeners whose taste is known: partly how tracks sound, partly what no sound tells."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from api.answers.listening import beside_sound
from api.answers.options import Options
from api.answers.recommend import Wishes, recommend
from earshot.colistening.table import ColisteningTable
from earshot.ids import TrackId
from earshot.index.searcher import Searcher
from earshot.plays import ListenerId, Play
from earshot.stores.listeners_table import Listener
from tests.colistening import Links
from tests.unit.answers.conftest import IndexOf, TableOf
from tests.unit.api.world import DIM, track

Floats = npt.NDArray[np.float64]
TRACKS, FACTORS = 300, 6
LEARNED_FROM, PLAYS_EACH = 100, 15
ASKED, HISTORY, BEST = 30, 8, 20
K = 10


@dataclass(frozen=True)
class Simulation:
    """A catalogue, what was learned of listeners, and others with what they played and would like best."""

    index: Searcher
    table: ColisteningTable
    listeners: list[tuple[list[int], set[int]]]


def _unit(rows: Floats) -> Floats:
    unit: Floats = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def _tastes(dice: np.random.Generator, sound: Floats, circle: Floats, count: int) -> Iterator[Floats]:
    """How much each listener likes each track: what sounds like a favourite, as much as whose circle plays it."""
    for _ in range(count):
        favourite, friend = dice.integers(TRACKS, size=2)
        yield sound @ sound[favourite] + circle @ circle[friend]


def _played(dice: np.random.Generator, taste: Floats, count: int) -> list[int]:
    chance = np.exp(5 * taste)
    return [int(n) for n in dice.choice(TRACKS, count, replace=False, p=chance / chance.sum())]


def _links(histories: list[list[int]]) -> Links:
    """Cosine of who played what (item-kNN), 50 neighbours each."""
    played = np.zeros((len(histories), TRACKS))
    for number, history in enumerate(histories):
        played[number, history] = 1
    both = played.T @ played
    each = np.maximum(np.sqrt(np.diag(both)), 1)
    near = both / np.outer(each, each) * (both / (both + 10))
    np.fill_diagonal(near, 0)
    return {
        f"deezer:{n}": {f"deezer:{m}": (float(near[n, m]), int(both[n, m])) for m in np.argsort(-near[n])[:50]}
        for n in range(TRACKS)
    }


@pytest.fixture
def simulation(index_of: IndexOf, table_of: TableOf) -> Simulation:
    dice = np.random.default_rng(11)
    kinds = dice.normal(size=(12, DIM))
    sound = _unit(kinds[dice.integers(12, size=TRACKS)] + 0.8 * dice.normal(size=(TRACKS, DIM)))
    circle = _unit(dice.normal(size=(TRACKS, FACTORS)))
    learned = [_played(dice, taste, PLAYS_EACH) for taste in _tastes(dice, sound, circle, LEARNED_FROM)]
    listeners = []
    for taste in _tastes(dice, sound, circle, ASKED):
        history = _played(dice, taste, HISTORY)
        left = [int(n) for n in np.argsort(-taste) if n not in history]
        listeners.append((history, set(left[:BEST])))
    index = index_of([track(n) for n in range(TRACKS)], list(sound.astype(np.float32)))
    return Simulation(index, table_of(_links(learned)), listeners)


def _ndcg(simulation: Simulation, listening: float) -> float:
    discounts = 1 / np.log2(np.arange(2, K + 2))
    gains = []
    for history, liked in simulation.listeners:
        plays = [
            Play(ListenerId("0" * 16), 1_000_000 - n, title=f"{number}", track_id=TrackId(f"deezer:{number}"))
            for n, number in enumerate(history)
        ]
        wishes = Wishes(Options(k=K), 1_000_000, beside_sound(simulation.table, listening))
        found = recommend(simulation.index, Listener(plays), {}, wishes).results
        hits = [int(one.track.track_id.removeprefix("deezer:")) in liked for one in found]
        gains.append(float(discounts[: len(hits)] @ hits / discounts.sum()))
    return float(np.mean(gains))


def test_both_together_find_more_of_a_taste_of_two_kinds_than_either_alone(simulation: Simulation) -> None:
    sound, both, listening = (_ndcg(simulation, weight) for weight in (0.0, 0.5, 1.0))
    assert both > 1.1 * max(sound, listening), (sound, both, listening)
