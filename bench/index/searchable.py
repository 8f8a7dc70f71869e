"""From `put_item` to searchable: `python -m bench.index.searchable`; ends with 1 when a target is missed.

The local stack runs as `make up` runs it. 10,000 tracks are put into the table and indexed; then 20 more arrive every
second for two minutes, and `GET /similar` is asked for each until it answers.
"""

import argparse
import json
import socket
import sys
import tempfile
import threading
import time
from http import HTTPStatus
from pathlib import Path

import boto3
import numpy as np

from annoy_service.builder import make_builder
from annoy_service.pointers import manifest_at, position
from bench.index.catalogue import RECIPE
from bench.index.report import Target
from bench.index.updates import rows
from bench.ingest.stack import Client, running_stack
from earshot.clock import now_iso
from earshot.index.directory import Directory
from earshot.index.rows import track_from_line
from earshot.stores.tracks_table import TracksTable
from ops.connection import use_local_aws
from ops.deployment import Deployment

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench" / "results" / "searchable.json"
MAX_P95_S = 3.0
MAX_SEGMENTS = 16
_HALF = RECIPE.network.dimensions * 2
_PATIENCE_S = 600.0


def put(table: TracksTable, line: bytes, vectors: bytes) -> str:
    """Store a track as the extractor does; returns its id."""
    track = track_from_line(line, vectors[:_HALF], vectors[_HALF:])
    table.store_embedding(
        track.info, embedding=vectors[:_HALF], drift=vectors[_HALF:], tags=track.tags, model=RECIPE.network.name,
        preview_at=now_iso(), provider=track.provider,
    )  # fmt: skip
    return track.track_id


def wait_for(client: Client, tracks: int) -> None:
    """Until the api serves so many tracks."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        _, health = client.get("/health")
        if (health.get("index") or {}).get("tracks", 0) >= tracks:
            return
        time.sleep(0.5)
    raise SystemExit(f"{tracks} tracks were not indexed within {_PATIENCE_S:.0f} s")


def trickle(client: Client, table: TracksTable, seconds: int, per_second: int, start: int) -> list[float]:
    """Put tracks at a steady rate; seconds from each put until the api answers for it."""
    arrived: list[tuple[str, float]] = []
    batch = [row for chunk in rows(start, seconds * per_second, seed=21) for row in chunk]

    def feed() -> None:
        began = time.monotonic()
        for number, row in enumerate(batch):
            time.sleep(max(0.0, began + number / per_second - time.monotonic()))
            track_id = put(table, row.line, row.vectors)
            arrived.append((track_id, time.monotonic()))

    feeder = threading.Thread(target=feed)
    feeder.start()
    waits: list[float] = []
    deadline = time.monotonic() + seconds + _PATIENCE_S
    while len(waits) < len(batch) and time.monotonic() < deadline:
        if len(waits) == len(arrived):
            time.sleep(0.02)
            continue
        track_id, at = arrived[len(waits)]
        status, _ = client.get(f"/similar?track_id={track_id}&k=3")
        if status == HTTPStatus.OK:
            waits.append(time.monotonic() - at)
        else:
            time.sleep(0.05)
    feeder.join()
    return waits


def main() -> int:
    """Measure, print, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--per-second", type=int, default=20)
    options = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (
        tempfile.TemporaryDirectory() as folder,
        running_stack(Path(folder), {"EARSHOT_LOCAL_AWS_PORT": str(port)}) as client,
    ):
        use_local_aws(f"http://127.0.0.1:{port}")
        deployment = Deployment(boto3.Session(), "local")
        for chunk in rows(0, options.tracks, seed=20):
            for row in chunk:
                put(deployment.tracks, row.line, row.vectors)
        wait_for(client, options.tracks)
        waits = trickle(client, deployment.tracks, options.seconds, options.per_second, options.tracks)
        counts = _look(deployment, Path(folder) / "look")
    expected = options.tracks + options.seconds * options.per_second
    p50, p95 = (float(np.percentile(waits, share)) for share in (50, 95))
    targets = [
        Target("put_item to searchable, p95, s", p95, MAX_P95_S),
        Target("tracks lost or doubled", abs(counts["rows"] - expected) + abs(counts["ids"] - expected), 0),
        Target("segments", counts["segments"], MAX_SEGMENTS),
    ]
    print(f"put_item to searchable: p50 {p50:.2f} s, p95 {p95:.2f} s, max {max(waits):.2f} s over {len(waits)} tracks")
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({"p50_s": p50, "p95_s": p95, "max_s": max(waits), **counts}, indent=2) + "\n")
    for target in targets:
        print(target.line())
    return 0 if all(target.met for target in targets) else 1


def _look(deployment: Deployment, work_dir: Path) -> dict[str, int]:
    """Rows, different ids and segments of the newest version."""
    bucket = deployment.parameters["index-bucket"]
    builder = make_builder(deployment.session.client("s3"), bucket, RECIPE, work_dir)
    manifest = manifest_at(builder, position(builder))
    if manifest is None:
        raise SystemExit("nothing was indexed")
    ids = Directory(builder.cache, manifest).ids()
    return {"rows": manifest.tracks, "ids": len(np.unique(ids)), "segments": len(manifest.segments)}


if __name__ == "__main__":
    sys.exit(main())
