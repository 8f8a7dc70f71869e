"""`python -m bench.scale`: ten million tracks, built a base at a time and served from one process of 16 GB.

`python -m bench.scale [TRACKS] [BASES] [FOLDER]` (default 10000000 10 build/scale) goes on where it was ended, writes
bench/results/scale.json and removes the folder. It takes half an hour of processor time and 12 GB of disk. Ends with 1
on a miss.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench.index.report import Target

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench" / "results" / "scale.json"
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
LEAST_RECALL = 0.95


def run(module: str, *arguments: object) -> dict[str, object]:
    """The JSON that a step prints last."""
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | ONE_THREAD,
        cwd=ROOT,
    )
    result: dict[str, object] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def main() -> int:
    """Build, serve, compare."""
    tracks, bases = (int(sys.argv[i]) if len(sys.argv) > i else default for i, default in ((1, 10_000_000), (2, 10)))
    folder = Path(sys.argv[3]) if len(sys.argv) > 3 else ROOT / "build" / "scale"
    folder.mkdir(parents=True, exist_ok=True)
    built: dict[str, object] = {}
    once = [(0, step) for step in ("common", "titles", "shelf")]
    of_bases = [(base, step) for base in range(bases) for step in ("rows", "engine")]
    for base, step in [*once, *of_bases, (0, "publish")]:
        print(f"  {step} {base} …", flush=True)
        built[f"{step} {base}"] = run("bench.scale.building", folder, tracks, bases, base, step)
    opened = run("bench.scale.serving", folder, "open")
    served = run("bench.scale.serving", folder)
    RESULTS.write_text(json.dumps({"built": built, "cold": opened, "served": served}, indent=2) + "\n")
    shutil.rmtree(folder)
    recall = float(str(served["recall"]))
    targets = [Target(f"{tracks:,} in {bases} bases: recall@10", recall, LEAST_RECALL, at_least=True)]
    for target in targets:
        print(target.line())
    return 0 if all(target.met for target in targets) else 1


if __name__ == "__main__":
    sys.exit(main())
