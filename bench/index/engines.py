"""Engines side by side on the same vectors: `python -m bench.index.engines [TRACKS …]` (default 10000 100000 1000000).

Each builds, opens and answers by the seam that segments use, in one thread: CPU seconds to build with the effort that
the promotion gate chooses, bytes, seconds to open in a process of its own with nothing imported, recall@10, and
milliseconds of 500 queries, of which the best of three counts. Vectors are kept in build/bench-engines between runs; a
size that was measured is kept in bench/results/engines.json, so that long ones can be run one at a time.
"""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypedDict

import numpy as np

from annoy_service.attempts import Gate
from annoy_service.choice import ANSWERS, BYTES_PER_S
from annoy_service.fit import Statistics, fit, offset_of
from bench.index.catalogue import RECIPE, chunks
from earshot.index.arrays import StoredVectors, mapped
from earshot.index.engines.engine import EngineEntry
from earshot.index.engines.registry import engine_named
from earshot.index.segment import VECTORS
from earshot.index.transform import unit

ROOT: Final = Path(__file__).resolve().parents[2]
KEPT: Final = ROOT / "build" / "bench-engines"
RESULTS: Final = ROOT / "bench" / "results" / "engines.json"
SIZES: Final = (10_000, 100_000, 1_000_000)
ENGINES: Final = ("exact", "annoy", "ivf_rabitq", "hnsw")
UP_TO: Final[Mapping[str, int]] = MappingProxyType({"exact": 100_000, "hnsw": 100_000})
"""At a million the product takes 50 ms, and the graph a quarter of an hour to build."""
_FIT_ROWS, _QUERIES, _K, _TURNS = 100_000, 500, 11, 3


class Row(TypedDict):
    """An engine at one size."""

    params: dict[str, int]
    build_cpu_s: float
    mb: float
    open_cpu_s: float
    recall: float
    p50_ms: float
    p99_ms: float
    thousand_answers_s: float


def vectors_of(tracks: int) -> Path:
    """A folder with the index vectors of so many synthetic tracks, in the order of their ids, which is none."""
    folder = KEPT / str(tracks)
    if not (folder / VECTORS).exists():
        folder.mkdir(parents=True, exist_ok=True)
        statistics = Statistics(offset_of(RECIPE))
        for raw in chunks(min(tracks, _FIT_ROWS), seed=1):
            statistics.add(raw)
        transform = fit(RECIPE, statistics)
        vectors = np.concatenate([transform(raw[:, 0]).astype("<f2") for raw in chunks(tracks, seed=1)])
        np.save(folder / f".new-{VECTORS}", vectors[np.random.default_rng(0).permutation(tracks)])
        (folder / f".new-{VECTORS}").rename(folder / VECTORS)
    return folder


def measure(name: str, folder: Path) -> Row:
    """The engine on the vectors in `folder`."""
    engine, gate, cpu = engine_named(name), Gate(folder), time.process_time()
    attempt = gate.attempt(engine)
    build_cpu_s = time.process_time() - cpu - len(gate.queries) * attempt.query_s - attempt.load_s
    spent = _milliseconds(attempt.entry, folder, gate.vectors)
    size = sum((folder / file).stat().st_size for file in engine.files)
    opened = _opened_alone(attempt.entry, folder)
    p50 = float(np.percentile(spent, 50))
    return {
        "params": dict(attempt.entry.params),
        "build_cpu_s": build_cpu_s,
        "mb": size / 1e6,
        "open_cpu_s": opened,
        "recall": attempt.recall,
        "p50_ms": p50,
        "p99_ms": float(np.percentile(spent, 99)),
        "thousand_answers_s": size / BYTES_PER_S + opened + ANSWERS * p50 / 1e3,
    }


def _milliseconds(entry: EngineEntry, folder: Path, vectors: StoredVectors) -> list[float]:
    engine = engine_named(entry.name)
    opened = engine.load({file: folder / file for file in engine.files}, vectors, entry)
    spent = []
    for query in unit(vectors[np.linspace(0, len(vectors) - 1, _QUERIES).astype(np.intp)]):
        turns = []
        for _ in range(_TURNS):
            started = time.thread_time()
            rows, similarities = opened.candidates(query, _K, None)
            if similarities is None:
                unit(vectors[rows]) @ query
            turns.append(time.thread_time() - started)
        spent.append(min(turns) * 1e3)
    return spent


def _opened_alone(entry: EngineEntry, folder: Path) -> float:
    """CPU seconds that a new process takes for it, with the library's import."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.index.engines", "--open", entry.name, json.dumps(dict(entry.params)), folder],
        check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    return float(done.stdout)


def _open(name: str, params: str, folder: Path) -> float:
    engine, vectors = engine_named(name), mapped(folder / VECTORS, np.float16)
    cpu = time.process_time()
    engine.load({file: folder / file for file in engine.files}, vectors, EngineEntry(name, json.loads(params)))
    return time.process_time() - cpu


def table(results: dict[str, dict[str, Row]]) -> list[str]:
    """Lines of the page docs/benchmarks/index.md."""
    lines = [
        "| tracks | engine | build CPU s | MB | open CPU s | recall@10 | p50 ms | p99 ms | 1,000 answers after, s |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for tracks, rows in results.items():
        lines += [
            f"| {int(tracks):,} | {name} {', '.join(f'{key} {value:,}' for key, value in row['params'].items())} "
            f"| {row['build_cpu_s']:.1f} | {row['mb']:.1f} | {row['open_cpu_s']:.2f} | {row['recall']:.3f} "
            f"| {row['p50_ms']:.2f} | {row['p99_ms']:.2f} | {row['thousand_answers_s']:.1f} |"
            for name, row in rows.items()
        ]
    return lines


def main() -> None:
    """Measure the sizes that were asked for; print the table of all there are."""
    if sys.argv[1:2] == ["--open"]:
        print(_open(sys.argv[2], sys.argv[3], Path(sys.argv[4])))
        return
    results: dict[str, dict[str, Row]] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for tracks in [int(argument) for argument in sys.argv[1:]] or SIZES:
        names = [name for name in ENGINES if tracks <= UP_TO.get(name, tracks)]
        results[str(tracks)] = {name: measure(name, vectors_of(tracks)) for name in names}
        RESULTS.write_text(json.dumps(dict(sorted(results.items(), key=lambda each: int(each[0]))), indent=2) + "\n")
    print("\n".join(table(results)))


if __name__ == "__main__":
    main()
