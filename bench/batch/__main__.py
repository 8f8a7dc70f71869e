"""`python -m bench.batch` (`make bench-batch`): embeddings on Spark beside a plain process; non-zero exit on a miss.

The same clips go both ways, few of them and many: the difference is what a clip costs, the rest is paid once a job.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pyarrow.parquet as pq

from bench.batch.descendants import Taken, taken_by
from bench.extract.__main__ import Target, cpu_name
from earshot.embedding_files import folder_of
from earshot.networks import DEFAULT_NETWORK
from scripts.cost import in_bulk, total
from tests.corpus import clips

_RESULTS = Path(__file__).resolve().parents[1] / "results" / "batch.json"
_CORES = 2
_CLIPS_PER_TASK = 150
"""Fewer than the job's own, so that both cores have some; short ones would each pay for a Java that is still cold."""
_MILLION = 1_000_000

Embeddings = Mapping[str, list[str]]
"""Embedding and drift by file, in hexadecimal digits."""


def main() -> int:
    """Measure, print, and keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.batch", description="Embeddings on Spark.")
    parser.add_argument("--few", type=int, default=300, help="clips of the smaller job (default: %(default)s)")
    parser.add_argument("--many", type=int, default=1_200, help="of the larger (default: %(default)s)")
    wanted = parser.parse_args()
    few, many = wanted.few, wanted.many
    spark: dict[int, Taken] = {}
    plain: dict[int, Taken] = {}
    same = True
    with tempfile.TemporaryDirectory() as scratch:
        for number in (few, many):
            music = _music(Path(scratch) / f"music-{number}", number)
            plain[number], expected = _plainly(music, Path(scratch))
            spark[number], found = _on_spark(music, Path(scratch) / f"out-{number}")
            same = same and found == expected
            print(f"{number} clips: {plain[number]} plain, {spark[number]} on Spark", file=sys.stderr)
    clip_s = {name: (way[many].cpu_s - way[few].cpu_s) / (many - few) for name, way in _ways(plain, spark)}
    fixed_s = {name: way[few].cpu_s - few * clip_s[name] for name, way in _ways(plain, spark)}
    usd = total(in_bulk(_MILLION), free_tier=False)
    dearer, growth = clip_s["spark"] / clip_s["plain"], spark[many].worker_mib / spark[few].worker_mib
    targets = [
        Target("CPU of a further clip on Spark, in units of the plain process's", dearer, 1.1),
        Target("embeddings that differ by a bit", 0 if same else 1, 0),
        Target("memory of a worker and its decoder, MiB", spark[many].worker_mib, 400),
        Target("the same, in units of that with the fewer clips", growth, 1.2),
        Target("a million tracks, USD", usd, 2),
    ]
    outcome = {
        "machine": f"{cpu_name()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "targets": [{"what": t.what, "figure": t.figure, "bound": t.bound, "met": t.met} for t in targets],
        "clip_cpu_ms": {name: 1000 * seconds for name, seconds in clip_s.items()},
        "fixed_cpu_s": fixed_s,
        "cpu_s": {name: {number: taken.cpu_s for number, taken in way.items()} for name, way in _ways(plain, spark)},
    }
    _RESULTS.write_text(json.dumps(outcome, indent=1) + "\n")
    print("\n".join(["| what | target | measured | |", "|---|---|---|---|", *(target.row() for target in targets), ""]))
    for name, seconds in clip_s.items():
        print(f"{name}: {1000 * seconds:.1f} ms of CPU a clip, {fixed_s[name]:.1f} s a job")
    return 0 if all(target.met for target in targets) else 1


def _ways(plain: Mapping[int, Taken], spark: Mapping[int, Taken]) -> list[tuple[str, Mapping[int, Taken]]]:
    return [("plain", plain), ("spark", spark)]


def _music(folder: Path, number: int) -> Path:
    """So many files, of the clips that there are."""
    folder.mkdir()
    there = clips()
    for copy in range(number):
        shutil.copy(there[copy % len(there)].path, folder / f"{copy:04}.mp3")
    return folder


def _plainly(music: Path, scratch: Path) -> tuple[Taken, Embeddings]:
    targets = [scratch / f"{music.name}-{half}.json" for half in range(_CORES)]
    command = [sys.executable, "-m", "bench.batch.plain", str(music)]
    taken = taken_by([[*command, str(half), str(target)] for half, target in enumerate(targets)])
    heard: dict[str, list[str]] = {}
    for target in targets:
        heard |= json.loads(target.read_text(encoding="utf-8"))
    return taken, heard


def _on_spark(music: Path, output: Path) -> tuple[Taken, Embeddings]:
    command = [sys.executable, "-m", "batch", "embed", "--cores", str(_CORES), "--input", str(music)]
    taken = taken_by([[*command, "--output", str(output), "--clips-per-task", str(_CLIPS_PER_TASK)]])
    heard = {}
    for part in (output / folder_of(DEFAULT_NETWORK)).glob("*.parquet"):
        for row in pq.read_table(part, columns=["key", "embedding", "drift"]).to_pylist():
            heard[Path(row["key"]).name] = [row["embedding"].hex(), row["drift"].hex()]
    return taken, heard


if __name__ == "__main__":
    sys.exit(main())
