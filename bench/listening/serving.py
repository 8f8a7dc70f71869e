"""What an answer costs with plays beside sound: `python -m bench.listening.serving [FOLDER]`; ends with 1 on a miss.

100,000 invented tracks with the local structure of real music, and a table of 50 neighbours each, half of them among
the hundred nearest by sound, half anywhere. The same questions without and with it, in turns. FOLDER keeps the index
for the next time.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from api.answers.listening import beside_sound
from api.answers.options import Options
from api.answers.query import Query
from api.answers.ranking import rank
from api.answers.recommend import Wishes, recommend
from api.answers.seeds import seed_of
from bench.index.folder_s3 import FolderS3
from bench.index.updates import BUCKET, track_id
from earshot.embedding import Vector
from earshot.ids import TrackId
from earshot.index.reader import IndexReader
from earshot.index.searcher import Searcher
from earshot.plays import ListenerId, Play
from earshot.stores.listeners_table import Listener

TRACKS = 100_000
QUESTIONS, TURNS = 60, 5
NEIGHBOURS = 50
PLAYS = 50
MAX_MORE_MS = 1.0
Figures = Mapping[str, float]


class Folded(NamedTuple):
    """A track that is played together with others."""

    track_id: str
    score: float
    because: str
    listeners: int


class Table:
    """Neighbours as arrays, by the number of the track."""

    version = "bench"

    def __init__(self, searcher: Searcher, tracks: int) -> None:
        dice = np.random.default_rng(3)
        self._ids = np.array(sorted(track_id(n).encode() for n in range(tracks)))
        self._near = dice.integers(tracks, size=(tracks, NEIGHBOURS)).astype(np.uint32)
        self._weights = -np.sort(-dice.random((tracks, NEIGHBOURS)).astype(np.float16), axis=1)
        self._listeners = dice.integers(1, 255, size=(tracks, NEIGHBOURS)).astype(np.uint8)

    def knows(self, track_id: str) -> bool:
        return self._number(track_id) is not None

    def _number(self, track_id: str) -> int | None:
        at = int(np.searchsorted(self._ids, track_id.encode()))
        return at if at < len(self._ids) and self._ids[at] == track_id.encode() else None

    def _sums(self, plays: Sequence[tuple[str, float]]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32], Vector]:
        rows = np.array([self._number(played) for played, _ in plays])
        weights = np.array([weight for _, weight in plays], np.float32)
        near, back = np.unique(self._near[rows], return_inverse=True)
        return (
            rows,
            near,
            np.bincount(back.ravel(), (self._weights[rows] * weights[:, None]).ravel()).astype(np.float32),
        )

    def fold_in(self, plays: Sequence[tuple[str, float]], k: int, exclude: Collection[str] = ()) -> list[Folded]:
        rows, near, sums = self._sums(plays)
        best = np.argsort(-sums)[: k + len(exclude)]
        found = []
        for i in best.tolist():
            name = self._ids[near[i]].decode()
            if sums[i] > 0 and name not in exclude:
                at = np.argwhere(self._near[rows] == near[i])[0]
                found.append(Folded(name, float(sums[i]), plays[at[0]][0], int(self._listeners[rows[at[0]], at[1]])))
        return found[:k]

    def scores(self, plays: Sequence[tuple[str, float]], track_ids: Sequence[str]) -> Vector:
        _, near, sums = self._sums(plays)
        wanted = np.array([self._number(one) for one in track_ids])
        at = np.minimum(np.searchsorted(near, wanted), len(near) - 1)
        return np.where(near[at] == wanted, sums[at], 0).astype(np.float32)

    def popularities(self, track_ids: npt.NDArray[np.bytes_]) -> npt.NDArray[np.uint32]:
        return np.ones(len(track_ids), np.uint32)


def _ms(ask: Callable[[], object]) -> float:
    started = time.perf_counter()
    ask()
    return (time.perf_counter() - started) * 1e3


def _compared(ways: Mapping[str, Callable[[int], object]]) -> Figures:
    """Milliseconds of each way, p50 over the questions of the best of some turns: what else runs here says nothing."""
    best = {name: np.full(QUESTIONS, np.inf) for name in ways}
    for _ in range(TURNS):
        for number in range(QUESTIONS):
            for name, ask in ways.items():
                best[name][number] = min(best[name][number], _ms(lambda: ask(number)))
    return {f"{name}_p50_ms": round(float(np.median(times)), 3) for name, times in best.items()}


def measure(folder: Path) -> Figures:
    """Milliseconds of answers by sound alone and with plays, and of recommendations by 50 plays."""
    if not (folder / "s3").exists():
        subprocess.run([sys.executable, "-m", "bench.index.updates", f"{TRACKS}", str(folder), "prepare"], check=True)
    reader = IndexReader(FolderS3(folder / "s3").as_client(), BUCKET, folder / "reader", check_every_s=3600)
    searcher = reader.current()
    table = Table(searcher, TRACKS)
    seeds = [seed_of(searcher, lambda _: None, TrackId(track_id(number * 997))) for number in range(QUESTIONS)]

    def similar(number: int, listening: float) -> None:
        assert rank(searcher, Query.of([seeds[number]], beside_sound(table, listening)), Options()).results

    dice = np.random.default_rng(5)
    histories = [
        Listener([
            Play(ListenerId("0" * 16), 1_800_000_000 - 200 * place, track_id=TrackId(track_id(int(n))))
            for place, n in enumerate(dice.integers(TRACKS, size=PLAYS))
        ])
        for _ in range(QUESTIONS)
    ]  # fmt: skip

    def recommended(number: int, listening: float) -> None:
        wishes = Wishes(Options(k=20, max_per_artist=2), 1_800_000_000, beside_sound(table, listening))
        assert recommend(searcher, histories[number], {}, wishes).results

    def folded(number: int) -> None:
        plays = [(str(play.track_id), 1.0) for play in histories[number].recent]
        table.fold_in(plays, 64, ())

    figures = _compared({
        "similar_by_sound": lambda number: similar(number, 0.0),
        "similar_with_plays": lambda number: similar(number, 0.5),
        "recommend_by_sound": lambda number: recommended(number, 0.0),
        "recommend_with_plays": lambda number: recommended(number, 0.5),
        "fifty_plays_folded_in": folded,
    })  # fmt: skip
    more = figures["similar_with_plays_p50_ms"] - figures["similar_by_sound_p50_ms"]
    return {**figures, "more_with_plays_ms": round(more, 3)}


def main() -> int:
    """Measure, print, compare."""
    with tempfile.TemporaryDirectory() as own:
        figures = measure(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(own))
    print(json.dumps(figures, indent=2))
    return 0 if figures["more_with_plays_ms"] <= MAX_MORE_MS else 1


if __name__ == "__main__":
    sys.exit(main())
