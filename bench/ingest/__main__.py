"""`python -m bench.ingest`: from PUT to searchable, and a playlist of 1,000. Exit 1 when a target is missed.

The local stack runs as `make up` runs it; the provider is a stub on this machine that serves real 30 s MP3s. For a
quick look: ``--runs 5 --entries 100``.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from http import HTTPStatus
from pathlib import Path

from bench.figures import Figures
from bench.ingest.keeping import cost_of_keeping
from bench.ingest.stack import Client, running_stack
from tests.stubs import deezer as deezer_stub
from tests.stubs.audio import sweep
from tests.stubs.deezer import DeezerStub
from tests.stubs.web import serve

ROOT = Path(__file__).resolve().parents[2]
MAX_SEARCHABLE_S = 5.0
MAX_RATIO_OF_KEEPING = 1.5
_CLIPS = 8
_FIRST_ON_DEMAND = 1_000_001
_PLAYLIST, _WARM_UP = "1000", "20"
_PATIENCE_S = 1200.0


def main() -> int:
    """Measure, print, write bench/results/ingest.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--entries", type=int, default=1000)
    options = parser.parse_args()
    provider = _provider(options.runs, options.entries)
    with tempfile.TemporaryDirectory() as folder, serve(provider) as server:
        settings = {
            "EARSHOT_PROVIDERS": "deezer",
            "EARSHOT_DEEZER_API_URL": server.url,
            "EARSHOT_DEEZER_CALLS_PER_MINUTE": "100000",
            "EARSHOT_ALLOWED_HOSTS": "127.0.0.1",
            "EARSHOT_ALLOW_LOOPBACK": "true",
        }
        with running_stack(Path(folder), settings) as client:
            _crawl(client, _WARM_UP)
            times = sorted(_searchable_after(client, f"deezer:{_FIRST_ON_DEMAND + run}") for run in range(options.runs))
            crawl = _crawl(client, _PLAYLIST)
        keeping = cost_of_keeping(Path(folder))
        downloads = {path: count for path, count in server.hits.items() if path.startswith("/previews/")}
    p95 = times[max(0, round(0.95 * len(times)) - 1)]
    doubled = sum(count - 1 for count in downloads.values())
    results = {
        "runs": options.runs,
        "searchable_s": {"p50": statistics.median(times), "p95": p95, "max": times[-1]},
        "crawl": {"entries": options.entries, **crawl},
        "keeping": keeping,
        "downloads": {"tracks": len(downloads), "repeated": doubled},
    }
    target = ROOT / "bench" / "results" / "ingest.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(
        f"PUT to searchable: p50 {statistics.median(times):.2f} s, max {times[-1]:.2f} s over {options.runs} runs\n"
        f"a playlist of {options.entries:,}: read in {crawl['read_s']:.1f} s, searchable in "
        f"{crawl['searchable_s']:.1f} s ({options.entries / crawl['searchable_s']:.1f} tracks per second)"
    )
    figures = [
        ("PUT to searchable, p95, s", p95, MAX_SEARCHABLE_S),
        ("tracks of the playlist left behind", crawl["left"], 0),
        ("previews downloaded twice", doubled, 0),
        ("CPU of AWS for a track, kept / only in memory", keeping["cpu_ratio"], MAX_RATIO_OF_KEEPING),
    ]
    missed = 0
    for name, value, limit in figures:
        missed += value > limit
        print(f"{'ok  ' if value <= limit else 'MISS'} {name:<46} {value:8.2f}   target <= {limit:g}")
    return 1 if missed else 0


def _provider(runs: int, entries: int) -> DeezerStub:
    clips = [sweep(30, pitch=150 + 90 * number) for number in range(_CLIPS)]
    numbers = [*range(1, entries + 21), *range(_FIRST_ON_DEMAND, _FIRST_ON_DEMAND + runs)]
    rows = {number: deezer_stub.track(number) for number in numbers}
    return DeezerStub(
        tracks=rows,
        audio={number: clips[number % _CLIPS] for number in numbers},
        playlists={
            _PLAYLIST: [rows[number] for number in range(1, entries + 1)],
            _WARM_UP: [rows[number] for number in range(entries + 1, entries + 21)],
        },
    )


def _searchable_after(client: Client, track_id: str) -> float:
    """Seconds from the request for an unknown track until `GET /similar` answers for it."""
    started = time.monotonic()
    status, body = client.put(f"/tracks/{track_id}")
    if status not in (HTTPStatus.OK, HTTPStatus.ACCEPTED):
        raise RuntimeError(f"PUT answered {status}: {body}")
    while time.monotonic() - started < _PATIENCE_S:
        status, _ = client.get(f"/similar?track_id={track_id}&k=3")
        if status == HTTPStatus.OK:
            return time.monotonic() - started
        time.sleep(0.02)
    raise RuntimeError(f"{track_id} did not become searchable")


def _crawl(client: Client, playlist: str) -> Figures:
    """Seconds until the playlist has been read, and until nothing is pending any more and all of it is indexed."""
    before = _indexed(client)
    started = time.monotonic()
    _, accepted = client.post("/crawls", {"playlist": f"deezer:playlist:{playlist}"})
    read_s = 0.0
    while time.monotonic() - started < _PATIENCE_S:
        _, progress = client.get(accepted["status_url"])
        if progress["finished"] and not read_s:
            read_s = time.monotonic() - started
        if progress["done"]:
            break
        time.sleep(0.25)
    ready = progress["states"].get("ready", 0)
    while _indexed(client) < before + ready and time.monotonic() - started < _PATIENCE_S:
        time.sleep(0.1)
    return {"read_s": read_s, "searchable_s": time.monotonic() - started, "left": progress["total"] - ready}


def _indexed(client: Client) -> int:
    _, health = client.get("/health")
    return int(health["index"]["tracks"]) if health["index"] else 0


if __name__ == "__main__":
    sys.exit(main())
