"""`python -m bench.quality` (`make bench-quality`): how good the answers are, by recipe and encoding; 1 on a miss.

The laboratory judges all recipes whose networks are built, and a search by metadata (docs/lab.md): on the demo's music,
or on a corpus given by a CSV or by folders.
"""

import argparse
import json
import sys
from pathlib import Path

from bench.quality.targets import TODAY, targets
from lab.evaluating import WORK_DIR, built_recipes, judge_all, music
from lab.metadata import NAME as METADATA
from lab.report import report

RESULTS = Path(__file__).resolve().parents[1] / "results" / "quality.json"


def main() -> int:
    """Measure, print, and keep the figures in bench/results/quality.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.quality")
    parser.add_argument("places", nargs="*", type=Path, help="a CSV, or folders of music")
    corpus = music(parser.parse_args().places)
    judged = {each.subject: each for each in judge_all([*built_recipes(), METADATA], corpus, WORK_DIR)}
    asked = targets(judged)
    kept = {
        "corpus": corpus.sha256,
        "recipes": {
            name: {
                **{metric: round(each.mean(metric), 4) for metric in each.scores},
                **{figure: round(value, 4) for figure, value in each.figures.items()},
            }
            for name, each in judged.items()
        },
        "missed": [target.what for target in asked if not target.met],
    }
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(report([*judged.values()], judged[TODAY]), "", *(target.line() for target in asked), sep="\n")
    return 0 if all(target.met for target in asked) else 1


if __name__ == "__main__":
    sys.exit(main())
