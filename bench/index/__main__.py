"""`make bench-index`: what the index costs and what it finds, against its targets; ends with 1 on a miss.

`python -m bench.index [TRACKS …]` (default 100000 1000000) writes bench/results/index.json and the page
docs/benchmarks/index.md.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import cast

from bench.index.first import QUESTIONS
from bench.index.report import Target, markdown, targets_of
from bench.index.results import Result

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench" / "results" / "index.json"
PAGE = ROOT / "docs" / "benchmarks" / "index.md"
SIZES = (100_000, 1_000_000)
STEPS = ("prepare", "cold_fold", "warm_fold", "load", "compact")
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def run(module: str, *arguments: str) -> object:
    """The JSON that a step prints last."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | ONE_THREAD,
        cwd=ROOT,
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


def measure(tracks: int, folder: Path) -> Result:
    """Every step at one size; the index's files are gone afterwards."""
    print(f"{tracks:,} tracks", flush=True)
    results: dict[str, object] = {}
    for step in STEPS:
        print(f"  {step} …", flush=True)
        results[step] = run("bench.index.updates", str(tracks), str(folder), step)
        shutil.rmtree(folder / "prepare", ignore_errors=True)
        if step == "load":
            results["first"] = first_answers(tracks, folder)
    shutil.rmtree(folder / "compact", ignore_errors=True)
    print("  queries …", flush=True)
    results["queries"] = run("bench.index.queries", str(tracks), str(folder))
    return cast("Result", results)


def first_answers(tracks: int, folder: Path) -> object:
    """Each in a process of its own."""
    return {question: run("bench.index.first", str(tracks), str(folder), question) for question in QUESTIONS}


def main() -> int:
    """Measure, print, write, compare."""
    sizes = [int(argument) for argument in sys.argv[1:]] or SIZES
    results: dict[str, Result] = {}
    for tracks in sizes:
        (ROOT / "build").mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=ROOT / "build", prefix="bench-index-") as folder:
            results[str(tracks)] = measure(tracks, Path(folder))
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    targets: list[Target] = [target for tracks in sizes for target in targets_of(tracks, results[str(tracks)])]
    PAGE.write_text(markdown(results, targets))
    for target in targets:
        print(target.line())
    return 0 if all(target.met for target in targets) else 1


if __name__ == "__main__":
    sys.exit(main())
