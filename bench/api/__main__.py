"""`python -m bench.api`: what the HTTP layer costs, under load and cold. Exit 1 when a target is missed.

Sizes for a quick look: ``--tracks 5000 --seconds 5``.
"""

import argparse
import json
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from bench.api.load import load
from bench.api.stack import build, serving

ROOT = Path(__file__).resolve().parents[2]
CONNECTIONS = 200
COLD_RUNS = 3
MAX_OVERHEAD_MS = 3.0
MAX_P99_TO_P50 = 10.0
MAX_COLD_S = 2.0
MAX_FIRST_S = 0.5
MAX_FIRST_MB = 64.0
FIRST = {
    "search, a word": ["/search", "text=song"],
    "search, two words": ["/search", "text=artist 12"],
    "search, everything": ["/search"],
    "search, a tag": ["/search", "tags=tag 7"],
    "similar, of a tag": ["/similar", "tags=tag 7"],
    "similar, of a source": ["/similar", "source=deezer"],
    "map": ["/map"],
}
"""Requests that are each the first one of a container."""


def main() -> int:
    """Measure, print, write bench/results/api.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    folder = ROOT / "build" / "bench-api" / str(options.tracks)
    folder.mkdir(parents=True, exist_ok=True)
    build(options.tracks, folder)
    ids = _some_ids(folder)
    with serving(folder) as environment:
        cold = min(
            (_cold(folder, environment, ids[0]) for _ in range(COLD_RUNS)), key=lambda run: run["first_answer_s"]
        )
        starting = environment | {"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"}
        first = {
            name: _probe(starting, "first", *request, *([f"track_id={ids[0]}"] if request[0] == "/similar" else []))
            for name, request in FIRST.items()
        }
        overhead = _probe(environment, "overhead")
        under_load = _under_load(environment, ids, options.seconds)
    added = overhead["handler_p50_ms"] - overhead["search_p50_ms"]
    ratio = under_load["p99_ms"] / under_load["p50_ms"]
    figures = [
        ("handler over bare search, p50 ms", added, MAX_OVERHEAD_MS),
        (f"errors at {CONNECTIONS} connections", under_load["errors"], 0),
        (f"p99 / p50 at {CONNECTIONS} connections", ratio, MAX_P99_TO_P50),
        ("cold start to first answer, s", cold["first_answer_s"], MAX_COLD_S),
        *((f"first {name}, s", measured["first_s"], MAX_FIRST_S) for name, measured in first.items()),
        ("most memory that one of them keeps, MB", max(each["mb"] for each in first.values()), MAX_FIRST_MB),
    ]
    results = {"tracks": options.tracks, "overhead": overhead, "load": under_load, "cold": cold, "first": first}
    target = ROOT / "bench" / "results" / "api.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(
        f"{options.tracks:,} tracks; search p50 {overhead['search_p50_ms']:.2f} ms, "
        f"handler p50 {overhead['handler_p50_ms']:.2f} ms; {under_load['per_second']:.0f} requests/s, "
        f"p50 {under_load['p50_ms']:.0f} ms, p99 {under_load['p99_ms']:.0f} ms; import {cold['import_s']:.2f} s"
    )
    missed = 0
    for name, value, limit in figures:
        missed += value > limit
        print(f"{'ok  ' if value <= limit else 'MISS'} {name:<40} {value:8.2f}   target <= {limit:g}")
    return 1 if missed else 0


def _some_ids(folder: Path) -> list[str]:
    (path,) = (folder / "s3").rglob("ids.npy")
    ids = np.load(path, mmap_mode="r", allow_pickle=False)
    return [bytes(ids[row]).decode() for row in np.linspace(0, len(ids) - 1, min(2000, len(ids))).astype(int).tolist()]


def _probe(environment: dict[str, str], *arguments: str) -> dict[str, float]:
    run = subprocess.run(
        [sys.executable, "-m", "bench.api.probe", *arguments],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    result: dict[str, float] = json.loads(run.stdout)
    return result


def _cold(folder: Path, environment: dict[str, str], track_id: str) -> dict[str, float]:
    """From nothing on disk."""
    shutil.rmtree(folder / "reader", ignore_errors=True)
    return _probe(environment, "cold", str(time.time()), track_id)


def _under_load(environment: dict[str, str], ids: list[str], seconds: float) -> dict[str, float]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    command = [
        "uvicorn",
        "api.one_machine.asgi:app",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--log-level",
        "warning",
    ]
    server = subprocess.Popen([sys.executable, "-m", *command, "--no-access-log"], cwd=ROOT, env=environment)
    try:
        _wait(port)
        load("127.0.0.1", port, ids, connections=4, duration_s=1.0)  # the first answer loads the index
        return load("127.0.0.1", port, ids, connections=CONNECTIONS, duration_s=seconds)
    finally:
        server.terminate()
        server.wait(10)


def _wait(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


if __name__ == "__main__":
    sys.exit(main())
