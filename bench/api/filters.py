"""What filters cost at the handler: `python -m bench.api.filters [--tracks N]`. Exit 1 when a target is missed.

Each question is asked of many tracks in turn; unfiltered questions are measured beside them, in the same turns.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.api.stack import build, serving

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench" / "results" / "filters.json"
MAX_P50_MS = 10.0
ROUNDS, _WARM_UP = 60, 5
UNFILTERED = "similar"
QUESTIONS: dict[str, tuple[str, dict[str, str]]] = {
    UNFILTERED: ("/similar", {}),
    "similar, a common genre": ("/similar", {"genre": "Genre 3"}),
    "similar, a rare genre": ("/similar", {"genre": "Genre 45"}),
    "similar, years": ("/similar", {"year": "1990-1999"}),
    "similar, years, nearly all": ("/similar", {"year": "1951-"}),
    "similar, length": ("/similar", {"length": "2:00-5:00"}),
    "similar, a folder": ("/similar", {"folder": "Artist 77"}),
    "similar, a source, which is all": ("/similar", {"source": "deezer"}),
    "similar, tempo": ("/similar", {"bpm": "118-126"}),
    "similar, key and its neighbours": ("/similar", {"key": "8A±1"}),
    "similar, loudness": ("/similar", {"loudness": "-14..-9"}),
    "similar, tempo, key and loudness": ("/similar", {"bpm": "118-126", "key": "8A±1", "loudness": "-14..-9"}),
    "search, tempo and key": ("/search", {"bpm": "118-126", "key": "8A±1"}),
    "similar, not an artist": ("/similar", {"not_artist": "Artist 77"}),
    "search, a word": ("/search", {"text": "song"}),
    "search, two words": ("/search", {"text": "artist 12"}),
    "search, everything": ("/search", {}),
    "search, a genre": ("/search", {"genre": "Genre 3"}),
    "search, years and not an artist": ("/search", {"year": "1990-1999", "not_artist": "Artist 77"}),
    "genres": ("/genres", {}),
}


def ask() -> dict[str, float]:
    """Milliseconds, p50 of each question, in a process whose environment names the index."""
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from api.answers.catalogue import whole
    from api.bootstrap import services
    from api.handler import api
    from bench.api.probe import event

    segment, _ = whole(services().index.current()).segments[0]
    ids = [segment.track_id(row) for row in np.linspace(0, segment.rows - 1, ROUNDS + _WARM_UP).astype(int).tolist()]
    spent: dict[str, list[float]] = {name: [] for name in QUESTIONS}
    for number, track_id in enumerate(ids):
        for name, (path, wanted) in QUESTIONS.items():
            asked = event(path, {**({"track_id": track_id} if path == "/similar" else {}), **wanted})
            started = time.perf_counter()
            answer = api(asked, LambdaContext())
            ended = time.perf_counter()
            assert answer["statusCode"] == 200, answer["body"]
            if number >= _WARM_UP:
                spent[name].append(ended - started)
    return {name: float(np.median(times)) * 1e3 for name, times in spent.items()}


def main() -> int:
    """Measure, print, write bench/results/filters.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=100_000)
    parser.add_argument("--ask", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ask:
        sys.stdout.write(json.dumps(ask()))
        return 0
    folder = ROOT / "build" / "bench-api" / str(options.tracks)
    folder.mkdir(parents=True, exist_ok=True)
    build(options.tracks, folder)
    (shelf,) = (folder / "s3").rglob("shelf-*.bin")
    with serving(folder) as environment:
        command = [sys.executable, "-m", "bench.api.filters", "--ask"]
        done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    p50: dict[str, float] = json.loads(done.stdout)
    results: dict[str, Any] = {
        "tracks": options.tracks,
        "p50_ms": p50,
        "shelf_bytes_per_track": shelf.stat().st_size / options.tracks,
    }
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    missed = 0
    for name, value in p50.items():
        missed += value > MAX_P50_MS
        print(f"{'ok  ' if value <= MAX_P50_MS else 'MISS'} {name:<36} {value:7.2f} ms   target <= {MAX_P50_MS:g}")
    print(f"{results['shelf_bytes_per_track']:.0f} bytes a track are kept for words, filters and the map")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
