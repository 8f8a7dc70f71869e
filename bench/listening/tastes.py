"""Invented people with a known taste (`simulator`), in process: nDCG of answers by sound, by listening and by both.

The answers are the API's own (`api.answers`), from an index version of synthetic tracks and the table that
`listening.models` learns from what people play. `python -m bench.listening.tastes` prints the figures.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from api.answers.listening import beside_sound
from api.answers.options import Options
from api.answers.recommend import Wishes, recommend
from bench.figures import Figures
from bench.index.folder_s3 import FolderS3
from earshot.colistening.manifest import Snapshot, Training
from earshot.colistening.publish import publish as publish_table
from earshot.colistening.reader import ColisteningReader
from earshot.colistening.store import ColisteningStore
from earshot.colistening.table import ColisteningTable
from earshot.ids import TrackId
from earshot.index.reader import IndexReader
from earshot.index.searcher import Searcher
from earshot.plays import ListenerId, Play
from earshot.stores.listeners_table import Listener
from lab.invented import ENDS_AT, synthetic
from listening.models.cold import Features
from listening.models.fit import fit
from listening.models.interactions import Evidence, Interactions
from listening.models.learn import choose
from simulator.__main__ import report
from simulator.catalogue import Catalogue, Matrix
from simulator.judging import AGES, LENGTHS, POPULAR, WAYS, Ask, Counts, HeldOut, K, held_out, judged
from simulator.people import Person, invented
from simulator.sessions import SimulatedPlay, sessions
from tests.unit.api.world import publish
from tests.unit.api.world import track as track_of

_PEOPLE, _OTHERS, _DAYS = 400, 160, 20


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
    table: ColisteningTable
    catalogue: Catalogue

    def asker(self, _one: HeldOut, _length: int) -> Ask:
        """What asks for somebody with a history."""
        return self._ask

    def _ask(self, history: Sequence[SimulatedPlay], listening: float, counts: Counts) -> Sequence[int]:
        recent = [_play(play, self.catalogue.track_ids) for play in reversed(history)]
        others = [TrackId(self.catalogue.track_ids[number]) for number in np.flatnonzero(~counts).tolist()]
        options = Options(k=K, max_per_artist=2, exclude=others)
        wishes = Wishes(options, float(ENDS_AT), beside_sound(self.table, listening))
        found = recommend(self.searcher, Listener(recent), {}, wishes).results
        return [int(one.track.track_id.partition(":")[2]) - 1 for one in found]


def _play(play: SimulatedPlay, track_ids: Sequence[str]) -> Play:
    track_id = TrackId(track_ids[play.track])
    return Play(
        ListenerId("0" * 16), play.listened_at, played_ms=play.played_ms, skipped=play.skipped, track_id=track_id
    )


@dataclass(frozen=True, slots=True)
class Learned:
    """The table that was learned, open, and the model that was chosen for it."""

    table: ColisteningTable
    model: str
    plays: int


def learned(
    people: Sequence[Person], catalogue: Catalogue, vectors: Matrix, rng: np.random.Generator, folder: Path
) -> Learned:
    """What `listening` learns when these people play."""
    order = np.argsort(np.array(catalogue.track_ids, "S"))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    plays = [play for session in sessions(people, catalogue, _DAYS, ENDS_AT, rng) for play in session]
    of, first = np.unique([(p.person, place[p.track]) for p in plays], axis=0, return_inverse=True)
    skipped, at = np.array([p.skipped for p in plays]), np.array([p.listened_at for p in plays])
    began = np.full(len(of), np.iinfo(np.int64).max)
    np.minimum.at(began, first, at)
    evidence = Evidence(
        of[:, 0],
        of[:, 1],
        np.bincount(first, ~skipped).astype(np.int64),
        np.bincount(first, skipped).astype(np.int64),
        began,
        np.zeros(len(of), np.int64),
    )
    interactions = Interactions.of_evidence(evidence, n_listeners=len(people), n_items=catalogue.size)
    features = Features(catalogue.artist_of[order], np.full(catalogue.size, -1), vectors[order])
    outcome = choose(interactions, features, None)
    heard = np.bincount(of[:, 1], np.bincount(first, ~skipped), catalogue.size).astype(np.int64)
    recipe = outcome.champion.recipe
    rows = fit(interactions, recipe, ids=np.array(catalogue.track_ids, "S")[order], plays=heard, features=features)
    s3 = FolderS3(folder / "listening").as_client()
    training = Training(
        recipe.name,
        recipe.to_parameters(),
        Snapshot("", "", len(plays), len(people), catalogue.size, ""),
        outcome.champion.judgement.figures(),
        outcome.candidates,
        outcome.baselines,
        outcome.verdict,
    )
    publish_table(ColisteningStore(s3, "index"), rows, training, seen=None, work_dir=folder)
    table = ColisteningReader(s3, "index", folder / "tables").current()
    if table is None:
        raise RuntimeError(outcome.verdict.reason)
    return Learned(table, recipe.name, len(plays))


def measure() -> Figures:
    """nDCG@10 by way, plays and age of tracks, and by how much hybrid leads (with its standard error)."""
    began = time.monotonic()
    rng, choices, futures = np.random.default_rng(1).spawn(3)
    catalogue, vectors = synthetic(rng)
    people = invented(_PEOPLE + _OTHERS, catalogue, 1)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        known = learned(people[:_PEOPLE], catalogue, vectors, choices, folder)
        asking = Asking(opened(catalogue, vectors, folder), known.table, catalogue)
        figures = judged(held_out(people[_PEOPLE:], catalogue, ENDS_AT, futures), catalogue, asking.asker)
    print(report(figures))
    return {
        "people": _PEOPLE,
        "held_out": _OTHERS,
        "plays": known.plays,
        "model": known.model,
        "seconds": round(time.monotonic() - began, 1),
        "ndcg": {
            f"{length} plays, {age} tracks": {way: round(figures.mean(way, length, age), 3) for way in (POPULAR, *WAYS)}
            | dict(zip(("lead", "error"), (round(x, 4) for x in figures.lead(length, age)), strict=True))
            for length in LENGTHS
            for age in AGES
        },
    }


if __name__ == "__main__":
    print(measure())
    sys.exit(0)
