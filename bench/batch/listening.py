"""`python -m bench.batch.listening`: real playlists learned on Spark beside one machine; non-zero exit on a miss.

Both fit item-kNN and ALS to the same listeners, and are judged on the same others. Where the playlists are not at hand
nothing is measured.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import sparse

from batch.session import local_session
from bench.batch.descendants import taken_by
from bench.extract.__main__ import Target
from bench.listening import data
from listening import spark as door
from listening.models.interactions import Interactions
from listening.models.judge import judge, of_table, split
from listening.models.recipe import Fits, Recipe

_RESULTS = Path(__file__).resolve().parents[1] / "results" / "batch-listening.json"
_RECIPES = {"knn": Recipe(knn=1), "als": Recipe(als=1)}
_CORES = 2


def main() -> int:
    """Measure, print, and keep the figures."""
    real = data.playlists()
    if real is None:
        print("not measured: the playlists are not here")
        return 0
    parts = split(real.interactions)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        _write(parts.train, scratch)
        command = [sys.executable, "-m", "bench.batch.listening"]
        taken = {way: taken_by([[*command, way, name]]) for way in ("plain", "spark")}
        tables = {
            (way, model): sparse.csr_array(sparse.load_npz(scratch / f"{way}-{model}.npz"))
            for way in taken
            for model in _RECIPES
        }
    judged = {key: judge(of_table(table), parts.test).figures() for key, table in tables.items()}
    plain, spark = judged["plain", "als"], judged["spark", "als"]
    targets = [
        Target("cells of item-kNN that differ", float((tables["plain", "knn"] != tables["spark", "knn"]).nnz), 0),
        Target("NDCG@10 that ALS loses on Spark, in standard errors", _lost(plain, spark), 1),
    ]
    outcome = {
        "cpu_s": {way: round(found.cpu_s, 1) for way, found in taken.items()},
        "figures": {f"{way} {model}": found for (way, model), found in judged.items()},
        "targets": [{"what": t.what, "figure": t.figure, "bound": t.bound, "met": t.met} for t in targets],
    }
    _RESULTS.write_text(json.dumps(outcome, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(outcome, indent=1))
    return 0 if all(target.met for target in targets) else 1


def _lost(plain: dict[str, float], spark: dict[str, float]) -> float:
    return (plain["ndcg10"] - spark["ndcg10"]) / plain["ndcg10_se"]


def _write(train: Interactions, folder: Path) -> None:
    who = np.repeat(np.arange(train.n_listeners), train.sizes)
    columns = {
        "listener": [f"{one:06}" for one in who],
        "track": [f"{one:06}" for one in train.items],
        "time": np.arange(len(who)) - train.starts[who],
    }
    pq.write_table(pa.table(columns), folder / "plays.parquet")
    np.savez(folder / "train.npz", starts=train.starts, items=train.items, confidence=train.confidence, n=train.n_items)


def _read(folder: Path) -> Interactions:
    with np.load(folder / "train.npz", allow_pickle=False) as found:
        return Interactions(found["starts"], found["items"], found["confidence"], int(found["n"]))


def fit(way: str, folder: Path) -> None:
    """Leave the tables that one way finds."""
    train = _read(folder)
    ids = np.array([f"{item:06}".encode() for item in range(train.n_items)])
    if way == "plain":
        _save(Fits(train), way, folder)
        return
    with local_session("bench", cores=_CORES) as spark, door.at_scale(spark):
        played, _ = door.read(spark, str(folder))
        liked = door.interactions(spark, played, door.people_in(played), ids).persist()
        _save(door.SparkFits(spark, liked, Fits(train), train.n_listeners), way, folder)


def _save(fits: Fits, way: str, folder: Path) -> None:
    for model, recipe in _RECIPES.items():
        sparse.save_npz(folder / f"{way}-{model}.npz", sparse.csr_matrix(fits.table(recipe)))


if __name__ == "__main__":
    if sys.argv[1:]:
        fit(sys.argv[1], Path(sys.argv[2]))
    else:
        sys.exit(main())
