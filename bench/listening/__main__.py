"""`make bench-listening`: what listening costs and what it finds, against its targets; ends with 1 on a miss.

`python -m bench.listening [QUESTION …]` asks all (serving, quality, fit, tastes, judged), or only some, and writes what
it finds into bench/results/listening.json; figures of the others stay there.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import cast

from bench.figures import Figures
from bench.listening import compared, data, folding, judged, quality, tastes
from bench.listening.report import (
    NOT_MEASURED,
    Target,
    cold_target,
    fit_target,
    judged_targets,
    quality_targets,
    serving_targets,
    tastes_targets,
)

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench" / "results" / "listening.json"

Answer = tuple[Figures, Iterable[Target]]


def ask_serving() -> Answer:
    """Bytes, and the time of folding in."""
    found = folding.measure()
    return found, serving_targets(found)


def ask_quality() -> Answer:
    """Champions on real plays beside other models, and cold tracks."""
    found: Figures = {}
    targets: list[Target] = []
    for name, read in (("playlists", data.playlists), ("lastfm", data.lastfm)):
        real = read()
        measured, outcome = quality.against_models_in_full(real) if real else (None, None)
        if real and measured and outcome:
            measured["compared"] = compared.against_knn(real, outcome.champion.recipe)
        found[name] = measured or NOT_MEASURED
        targets += quality_targets(name, measured)
        if name == "playlists":
            cold = quality.cold_tracks(real, outcome) if real and outcome else None
            found["cold_tracks"] = cold or NOT_MEASURED
            targets.append(cold_target(cold))
    return found, targets


def ask_fit() -> Answer:
    """In a process of its own, whose memory is counted."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.listening.fitting"], check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env=os.environ,
    )  # fmt: skip
    found = cast("Figures", json.loads(done.stdout.strip().splitlines()[-1]))
    return found, [fit_target(found)]


def ask_tastes() -> Answer:
    """Invented people, whose taste is known."""
    found = tastes.measure()
    return found, tastes_targets(found)


def ask_judged() -> Answer:
    """The same, but fewer, all the way through a local stack."""
    found = judged.measure()
    return found, judged_targets(found)


QUESTIONS: dict[str, Callable[[], Answer]] = {
    "serving": ask_serving,
    "quality": ask_quality,
    "fit": ask_fit,
    "tastes": ask_tastes,
    "judged": ask_judged,
}


def main() -> int:
    """Measure, print, write, compare."""
    results: Figures = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    targets: list[Target] = []
    for question in sys.argv[1:] or QUESTIONS:
        print(f"{question} …", flush=True)
        results[question], found = QUESTIONS[question]()
        targets += found
        RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    for target in targets:
        print(target.line())
    return 0 if all(target.met for target in targets) else 1


if __name__ == "__main__":
    sys.exit(main())
