"""`python -m bench.batch.building [TRACKS]` (`make bench-batch`): an index built on Spark beside one of one builder.

Both read the same files of embeddings, of synthetic tracks with the local structure of real music
(`bench.index.catalogue`), and write to the same S3 (moto's, in this process). Recall is measured by exact search over
all tracks of each. Ends with 1 on a miss.
"""

import io
import json
import logging
import os
import platform
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import boto3
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from moto.server import ThreadedMotoServer

from bench.batch.descendants import Taken, taken_by
from bench.extract.__main__ import Target, cpu_name
from bench.index.catalogue import RECIPE
from bench.index.updates import rows
from bench.scale.serving import K, queries_of, recall_of
from earshot.embedding_files import folder_of, row_of
from earshot.index.reader import IndexReader
from earshot.index.rows import track_from_line
from earshot.stores.parts import FolderParts
from ops.connection import use_local_aws

_RESULTS = Path(__file__).resolve().parents[1] / "results" / "building.json"
_TRACKS = 1_000_000
_BASES = 4
_JUDGED = 500
_HALF = RECIPE.network.dimensions * 2
PLAIN, SPARK = "plain", "spark"


def write_files(place: Path, tracks: int) -> None:
    """As `embed` leaves them: eight thousand tracks each."""
    parts = FolderParts(place)
    for number, chunk in enumerate(rows(0, tracks, seed=1)):
        heard = [track_from_line(row.line, row.vectors[:_HALF], row.vectors[_HALF:]) for row in chunk]
        body = io.BytesIO()
        pq.write_table(pa.Table.from_pylist([row_of(track, track.track_id) for track in heard]), body)
        parts.write(f"{folder_of(RECIPE.network.name)}/{number:05}.parquet", body.getvalue())


def main() -> int:
    """Measure, print, and keep the figures beside those of other benches."""
    tracks = int(sys.argv[1]) if len(sys.argv) > 1 else _TRACKS
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for every request
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    use_local_aws(f"http://127.0.0.1:{server.get_host_and_port()[1]}")
    with tempfile.TemporaryDirectory() as scratch:
        heard = Path(scratch) / "heard"
        write_files(heard, tracks)
        for bucket in (PLAIN, SPARK):
            boto3.client("s3").create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
            )
        plainly = [sys.executable, "-m", "bench.batch.built_plainly", str(heard), PLAIN, f"{scratch}/plain"]
        on_spark = [sys.executable, "-m", "batch", "build", "--cores", "2", "--input", str(heard), "--bucket", SPARK]
        on_spark += ["--rows-per-base", str(-(-tracks // _BASES)), "--work-dir", f"{scratch}/spark"]
        taken, wall_s = {}, {}
        for name, command in ((PLAIN, plainly), (SPARK, on_spark)):
            started = time.perf_counter()
            taken[name] = taken_by([command])
            wall_s[name] = time.perf_counter() - started
            print(f"{name}: {taken[name]}, {wall_s[name]:.0f} s", file=sys.stderr)
        found = {name: _judged(name, Path(scratch) / f"reader-{name}") for name in (PLAIN, SPARK)}
    server.stop()
    return _told(tracks, taken, wall_s, found)


def _judged(bucket: str, folder: Path) -> dict[str, float]:
    searcher = IndexReader(boto3.client("s3"), bucket, folder).current()
    queries = queries_of(searcher, np.random.default_rng(5), _JUDGED)
    spent = []
    for query in queries:
        started = time.perf_counter()
        searcher.nearest(query, K)
        spent.append(time.perf_counter() - started)
    return {
        "tracks": searcher.size, "segments": len(searcher.segments), "recall": recall_of(searcher, queries),
        "p50_ms": float(np.median(spent)) * 1e3, "recall_as_built": searcher.recall,
    }  # fmt: skip


def _told(tracks: int, taken: dict[str, Taken], wall_s: dict[str, float], found: dict[str, dict[str, float]]) -> int:
    targets = [
        Target("recall@10 that is lost on Spark", found[PLAIN]["recall"] - found[SPARK]["recall"], 0.005),
        Target("tracks that are lost on Spark", tracks - found[SPARK]["tracks"], 0),
    ]
    outcome = {
        "machine": f"{cpu_name()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "tracks": tracks,
        "targets": [{"what": t.what, "figure": t.figure, "bound": t.bound, "met": t.met} for t in targets],
        "ways": {name: {**asdict(taken[name]), "wall_s": wall_s[name], **found[name]} for name in (PLAIN, SPARK)},
    }
    _RESULTS.write_text(json.dumps(outcome, indent=1) + "\n")
    print("\n".join(["| what | target | measured | |", "|---|---|---|---|", *(target.row() for target in targets), ""]))
    for name in (PLAIN, SPARK):
        print(f"{name}: {taken[name].cpu_s:.0f} s of CPU, {wall_s[name]:.0f} s, recall {found[name]['recall']:.4f}")
    return 0 if all(target.met for target in targets) else 1


if __name__ == "__main__":
    sys.exit(main())
