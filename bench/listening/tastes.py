"""Invented people with a known taste (`simulator`), in process: nDCG of answers by sound, by listening and by both.

The answers are the API's own (`api.answers`), from an index version of synthetic tracks and a table of what is played
together. `python -m bench.listening.tastes` prints the figures; `measure` returns them.
"""

import sys
import tempfile
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from api.answers.listening import Colistening, beside_sound
from api.answers.options import Options
from api.answers.recommend import Wishes, recommend
from bench.figures import Figures
from bench.index.folder_s3 import FolderS3
from earshot.ids import TrackId
from earshot.index.reader import IndexReader
from earshot.index.searcher import Searcher
from earshot.plays import ListenerId, Play
from earshot.stores.listeners_table import Listener
from simulator.__main__ import report
from simulator.catalogue import Catalogue, Matrix, catalogue_of
from simulator.judging import AGES, ASKED, LENGTHS, WAYS, Ask, HeldOut, held_out, judged
from simulator.people import invented
from simulator.sessions import SimulatedPlay, sessions
from tests.unit.api.world import publish
from tests.unit.api.world import track as track_of

_TRACKS, _ARTISTS, _REGIONS, _SCENES, _NEW_SHARE = 5_000, 400, 12, 8, 0.1
_PEOPLE, _OTHERS, _DAYS = 400, 60, 20
_DIM = 128
_SPREAD, _OF_ARTIST = 0.55, 0.35
"""Standard deviations, of unit centres, of tracks around their artist and of artists around their region."""
_ENDS_AT = 1_780_000_000
_SHRINK, _NEIGHBOURS = 10.0, 50


def synthetic(rng: np.random.Generator) -> tuple[Catalogue, Matrix]:
    """A catalogue and the unit vectors of its tracks (n, 128): around artists, which lie around centres of regions."""
    centres = _unit(rng.standard_normal((_REGIONS, _DIM)))
    artists = _unit(centres[rng.integers(_REGIONS, size=_ARTISTS)] + _noise(rng, _ARTISTS, _OF_ARTIST))
    of = rng.integers(_ARTISTS, size=_TRACKS)
    vectors = _unit(artists[of] + _noise(rng, _TRACKS, _SPREAD)).astype(np.float32)
    ids = [f"deezer:{number}" for number in range(1, _TRACKS + 1)]
    names = [f"Artist {number}" for number in of]
    catalogue = catalogue_of(ids, ids, names, vectors, regions=_REGIONS, scenes=_SCENES, new_share=_NEW_SHARE, rng=rng)
    return catalogue, vectors


def opened(catalogue: Catalogue, vectors: Matrix, folder: Path) -> Searcher:
    """An index version of the catalogue."""
    s3 = FolderS3(folder / "s3").as_client()
    tracks = [track_of(number, artists=(catalogue.artists[number - 1],)) for number in range(1, catalogue.size + 1)]
    publish(s3, tracks, list(vectors))
    return IndexReader(s3, "index", folder / "cache").current()


@dataclass(frozen=True, slots=True)
class Asking:
    """Answers of the API's own, made here."""

    searcher: Searcher
    table: Colistening
    catalogue: Catalogue

    def asker(self, _one: HeldOut, _length: int) -> Ask:
        """What asks for somebody with a history."""
        return self._ask

    def _ask(self, history: Sequence[SimulatedPlay], listening: float) -> Sequence[int]:
        recent = [_play(play, self.catalogue.track_ids) for play in reversed(history)]
        options = Options(k=ASKED, max_per_artist=2)
        wishes = Wishes(options, float(_ENDS_AT), beside_sound(self.table, listening))
        found = recommend(self.searcher, Listener(recent), {}, wishes).results
        return [int(one.track.track_id.partition(":")[2]) - 1 for one in found]


def _play(play: SimulatedPlay, track_ids: Sequence[str]) -> Play:
    track_id = TrackId(track_ids[play.track])
    return Play(
        ListenerId("0" * 16), play.listened_at, played_ms=play.played_ms, skipped=play.skipped, track_id=track_id
    )


@dataclass(frozen=True, slots=True)
class _Folded:
    track_id: str
    score: float
    because: str
    listeners: int


class Neighbours:
    """Item-kNN by cosine with shrinkage, dense: right for some thousand tracks."""

    version = "simulated"

    def __init__(self, interactions: npt.NDArray[np.float32], track_ids: Sequence[str]) -> None:
        together = interactions.T @ interactions
        norms = np.sqrt(together.diagonal())
        weights = together / (np.outer(norms, norms) + _SHRINK)
        np.fill_diagonal(weights, 0)
        cut = np.partition(weights, -_NEIGHBOURS, axis=1)[:, -_NEIGHBOURS]
        self._weights = np.where(weights >= cut[:, None], weights, 0).astype(np.float32)
        self._together, self._ids = together, list(track_ids)
        self._place = {track_id: place for place, track_id in enumerate(track_ids)}
        self._listeners = together.diagonal()

    def knows(self, track_id: str) -> bool:
        """Whether somebody played it."""
        place = self._place.get(track_id)
        return place is not None and bool(self._listeners[place])

    def fold_in(self, plays: Sequence[tuple[str, float]], k: int, exclude: Collection[str] = ()) -> list[_Folded]:
        """The best for these plays."""
        scores = self._scores(plays)
        scores[[self._place[track_id] for track_id in exclude if track_id in self._place]] = 0
        best = [int(i) for i in np.argsort(-scores)[:k] if scores[i] > 0]
        return [_Folded(self._ids[i], float(scores[i]), plays[0][0], 3) for i in best]

    def scores(self, plays: Sequence[tuple[str, float]], track_ids: Sequence[str]) -> npt.NDArray[np.float32]:
        """Their sums."""
        found: npt.NDArray[np.float32] = self._scores(plays)[[self._place[track_id] for track_id in track_ids]]
        return found

    def popularities(self, track_ids: npt.NDArray[np.bytes_]) -> npt.NDArray[np.uint32]:
        """Listeners of each."""
        places = [self._place[track_id.decode()] for track_id in track_ids]
        found: npt.NDArray[np.uint32] = self._listeners[places].astype(np.uint32)
        return found

    def _scores(self, plays: Sequence[tuple[str, float]]) -> npt.NDArray[np.float32]:
        total = np.zeros(len(self._ids), np.float32)
        for track_id, weight in plays:
            total += np.float32(weight) * self._weights[self._place[track_id]]
        return total


def measure() -> Figures:
    """nDCG@10 by way, plays and age of tracks, and by how much hybrid leads (with its standard error)."""
    began = time.monotonic()
    rng, choices, futures = np.random.default_rng(1).spawn(3)
    catalogue, vectors = synthetic(rng)
    people = invented(_PEOPLE + _OTHERS, catalogue, 1)
    interactions = np.zeros((_PEOPLE, catalogue.size), np.float32)
    for session in sessions(people[:_PEOPLE], catalogue, _DAYS, _ENDS_AT, choices):
        for play in session:
            interactions[play.person, play.track] = max(interactions[play.person, play.track], not play.skipped)
    with tempfile.TemporaryDirectory() as folder:
        asking = Asking(
            opened(catalogue, vectors, Path(folder)), Neighbours(interactions, catalogue.track_ids), catalogue
        )
        figures = judged(held_out(people[_PEOPLE:], catalogue, _ENDS_AT, futures), catalogue, asking.asker)
    print(report(figures))
    return {
        "people": _PEOPLE,
        "held_out": _OTHERS,
        "plays": int(interactions.sum()),
        "seconds": round(time.monotonic() - began, 1),
        "ndcg": {
            f"{length} plays, {age} tracks": {way: round(figures.mean(way, length, age), 3) for way in WAYS}
            | dict(zip(("lead", "error"), (round(x, 3) for x in figures.lead(length, age)), strict=True))
            for length in LENGTHS
            for age in AGES
        },
    }


def _unit(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    unit: npt.NDArray[np.float64] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def _noise(rng: np.random.Generator, rows: int, size: float) -> npt.NDArray[np.float64]:
    noise: npt.NDArray[np.float64] = size * rng.standard_normal((rows, _DIM)) / np.sqrt(_DIM)
    return noise


if __name__ == "__main__":
    print(measure())
    sys.exit(0)
