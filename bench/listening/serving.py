"""What an answer costs with plays beside sound: `python -m bench.listening.serving [FOLDER]`; ends with 1 on a miss.

100,000 invented tracks with the local structure of real music, and a table of 50 neighbours each. The same questions
without and with it, in turns. FOLDER keeps the index for the next time.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from api.answers.listening import beside_sound
from api.answers.options import Options
from api.answers.query import Query
from api.answers.ranking import rank
from api.answers.recommend import Wishes, recommend
from api.answers.seeds import seed_of
from bench.index.folder_s3 import FolderS3
from bench.index.updates import BUCKET, track_id
from earshot.clock import now_iso
from earshot.colistening.manifest import Manifest, Snapshot, TableEntry, Training, Verdict
from earshot.colistening.rows import PER_TRACK, TableRows
from earshot.colistening.store import ColisteningStore
from earshot.colistening.table import ColisteningTable
from earshot.ids import TrackId
from earshot.index.cache import FileCache
from earshot.index.reader import IndexReader
from earshot.index.searcher import Searcher
from earshot.plays import ListenerId, Play
from earshot.stores.listeners_table import Listener

TRACKS = 100_000
QUESTIONS, TURNS = 60, 5
PLAYS = 50
MAX_MORE_MS = 1.0
_TRAINING = Training("invented", {}, Snapshot("", "", 0, 0, TRACKS, ""), {}, {}, {}, Verdict(enters=True, reason=""))
Figures = Mapping[str, float]


def invented_table(folder: Path) -> ColisteningTable:
    """50 neighbours of each track, anywhere: those far away are the dearest, since each has to be read."""
    dice = np.random.default_rng(3)
    shape = (TRACKS, PER_TRACK)
    weights = -np.sort(-dice.pareto(1.5, shape), axis=1)
    rows = TableRows(
        np.array(sorted(track_id(number).encode() for number in range(TRACKS))),
        dice.integers(TRACKS, size=shape).astype(np.uint32),
        (weights / weights.sum(axis=1, keepdims=True)).astype(np.float16),
        dice.integers(1, 255, size=shape).astype(np.uint32),
        dice.integers(1, 999, size=(TRACKS, 2)).astype(np.uint32),
    )
    entry = TableEntry("bench", TRACKS, rows.write(folder))
    cache = FileCache(ColisteningStore(FolderS3(folder).as_client(), BUCKET), folder / "cache")
    cache.adopt(entry, folder)
    return ColisteningTable(Manifest(entry, _TRAINING, now_iso()), cache)


def _ms(ask: Callable[[int], object], number: int) -> float:
    started = time.process_time()
    ask(number)
    return (time.process_time() - started) * 1e3


def _compared(ways: Mapping[str, Callable[[int], object]]) -> Figures:
    """CPU milliseconds of each way, p50 over the questions of the best of some turns: others may be at work here."""
    best = {name: np.full(QUESTIONS, np.inf) for name in ways}
    for _ in range(TURNS):
        for number in range(QUESTIONS):
            for name, ask in ways.items():
                best[name][number] = min(best[name][number], _ms(ask, number))
    return {f"{name}_p50_ms": round(float(np.median(times)), 3) for name, times in best.items()}


def measure(folder: Path) -> Figures:
    """CPU milliseconds of answers by sound alone and with plays, and of recommendations by 50 plays."""
    if not (folder / "s3").exists():
        subprocess.run([sys.executable, "-m", "bench.index.updates", f"{TRACKS}", str(folder), "prepare"], check=True)
    reader = IndexReader(FolderS3(folder / "s3").as_client(), BUCKET, folder / "reader", check_every_s=3600)
    searcher = reader.current()
    with tempfile.TemporaryDirectory() as of_table:
        return _measured(searcher, invented_table(Path(of_table)))


def _measured(searcher: Searcher, table: ColisteningTable) -> Figures:
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
        table.fold_in(plays, 64)

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
