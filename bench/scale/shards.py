"""`python -m bench.scale.shards`: four processes with 250,000 tracks each behind a front door, and one with a million.

`python -m bench.scale.shards [TRACKS] [SHARDS] [FOLDER]` (default 1000000 4 build/shards) writes
bench/results/shards.json. The same vectors, the same questions over HTTP, one after the other, and then eight at a
time; what counts on a machine that others use is the processor's time. It takes some minutes of it the first time, and
goes on where it was ended. Ends with 1 on a miss.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from bench.index.report import Target
from bench.scale.__main__ import ONE_THREAD, ROOT, run
from bench.scale.building import Site
from bench.scale.dividing import WHOLE, bucket_of
from earshot.api_client import ApiClient
from earshot.errors import ApiUnreachable
from earshot.index.arrays import mapped
from earshot.index.segment import IDS, VECTORS
from earshot.index.transform import Matrix, unit
from earshot.shards import Shard

RESULTS = ROOT / "bench" / "results" / "shards.json"
Process = subprocess.Popen[bytes]
K, QUERIES, WARM_UP, AT_ONCE = 10, 500, 200, 8
LEAST_RECALL = 0.95
_PORT = 18_740
_CHUNK = 65_536


def main() -> int:
    """Build, divide, serve, ask, compare."""
    tracks, of = (int(sys.argv[i]) if len(sys.argv) > i else default for i, default in ((1, 1_000_000), (2, 4)))
    folder = Path(sys.argv[3]) if len(sys.argv) > 3 else ROOT / "build" / "shards"
    folder.mkdir(parents=True, exist_ok=True)
    for step in ("common", "rows", "engine"):
        run("bench.scale.building", folder, tracks, 1, 0, step)
    done = folder / "divided.json"
    if not done.exists():
        done.write_text(json.dumps(run("bench.scale.dividing", folder, of)))
    asked, true = questions(folder)
    report: dict[str, object] = {"tracks": tracks, "shards": of, "divided": json.loads(done.read_text())}
    with served(folder, [WHOLE], _PORT) as (urls, processes):
        report["one"] = measured(urls[0], {"one": processes}, asked, true)
    with ExitStack() as stack:
        buckets = [bucket_of(Shard(number, of)) for number in range(of)]
        urls, processes = stack.enter_context(served(folder, buckets, _PORT + 1))
        url, process = stack.enter_context(door(urls, _PORT + 1 + of))
        report["sharded"] = sharded = measured(url, {"shards": processes, "door": [process]}, asked, true)
    RESULTS.write_text(json.dumps(report, indent=2) + "\n")
    recall = float(str(sharded["recall"]))
    target = Target(f"{tracks:,} tracks in {of} shards: recall@10", recall, LEAST_RECALL, at_least=True)
    print(json.dumps(report, indent=2))
    print(target.line())
    return 0 if target.met else 1


def questions(folder: Path) -> tuple[list[str], Matrix]:
    """Tracks that are asked about, and of each the cosine of its tenth nearest by exact search, itself left out."""
    whole = Site(folder, 0, 1).part(0)
    ids, vectors = mapped(whole / IDS, np.bytes_), mapped(whole / VECTORS, np.float16)
    rows = np.sort(np.random.default_rng(7).choice(len(ids), WARM_UP + QUERIES, replace=False))
    queries = unit(vectors[rows])
    best = np.full((len(rows), K + 1), -2, np.float32)
    for start in range(0, len(ids), _CHUNK):
        similarities = queries @ unit(vectors[start : start + _CHUNK]).T
        best = -np.partition(-np.concatenate([best, similarities], axis=1), K, axis=1)[:, : K + 1]
    return [track_id.decode() for track_id in ids[rows].tolist()], best.min(axis=1)


@contextmanager
def started(arguments: Sequence[str], **environment: str) -> Iterator[Process]:
    """A process with one thread for arithmetic, for as long as the block takes."""
    own = {**os.environ, **ONE_THREAD, "AWS_DEFAULT_REGION": "eu-central-1", "POWERTOOLS_LOG_LEVEL": "ERROR"}
    process = subprocess.Popen([sys.executable, "-m", *arguments], cwd=ROOT, env={**own, **environment})
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


@contextmanager
def served(folder: Path, buckets: Sequence[str], port: int) -> Iterator[tuple[list[str], list[Process]]]:
    """A process for each bucket; their addresses."""
    with ExitStack() as stack:
        processes, urls = [], []
        for number, bucket in enumerate(buckets):
            arguments = ["bench.scale.process", str(folder), bucket, str(port + number)]
            processes.append(stack.enter_context(started(arguments)))
            urls.append(f"http://127.0.0.1:{port + number}")
        for url in urls:
            await_ready(url)
        yield urls, processes


@contextmanager
def door(urls: Sequence[str], port: int) -> Iterator[tuple[str, Process]]:
    """The front door before them, which waits for as long as it takes on a machine that others use."""
    settings = {
        "EARSHOT_SHARDS": ",".join(urls), "EARSHOT_SERVICE_HOST": "127.0.0.1", "EARSHOT_SERVICE_PORT": str(port),
        "EARSHOT_DOOR_TIMEOUT_S": "10", "EARSHOT_SERVICE_DRAIN_S": "0",
    }  # fmt: skip
    with started(["api.door"], **settings) as process:
        url = f"http://127.0.0.1:{port}"
        await_ready(url)
        yield url, process


def await_ready(url: str) -> None:
    """Until it says that it is."""
    for _ in range(1_200):
        try:
            if ApiClient(url).get("/ready").status == 200:
                return
        except ApiUnreachable:
            pass
        time.sleep(0.1)
    raise SystemExit(f"{url} does not become ready")


def measured(url: str, processes: dict[str, list[Process]], asked: Sequence[str], least: Matrix) -> dict[str, object]:
    """Recall, times and processors' time of the questions after those that only warm up."""
    client = ApiClient(url)
    for track_id in asked[:WARM_UP]:
        client.get("/similar", track_id=track_id, k=K, collapse_versions="false").checked()
    before = {name: sum(map(cpu_s, some)) for name, some in processes.items()}
    found, spent = [], []
    for track_id in asked[WARM_UP:]:
        begun = time.perf_counter()
        answer = client.get("/similar", track_id=track_id, k=K, collapse_versions="false").checked()
        spent.append((time.perf_counter() - begun) * 1e3)
        assert answer.get("shards", {"answered": 0, "of": 0})["answered"] == answer.get("shards", {"of": 0})["of"]
        found.append([one["similarity"] for one in answer["results"]])
    cpu = {name: (sum(map(cpu_s, some)) - before[name]) / QUERIES * 1e3 for name, some in processes.items()}
    begun = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda name: ApiClient(url).get("/similar", track_id=name, k=K).checked(), asked[WARM_UP:]))
    seconds = time.perf_counter() - begun
    hits = [
        min(K, sum(each >= low - 1e-5 for each in of_query)) / K
        for of_query, low in zip(found, least[WARM_UP:].tolist(), strict=True)
    ]
    return {
        "recall": float(np.mean(hits)),
        **{f"p{share}_ms": round(float(np.percentile(spent, share)), 2) for share in (50, 95, 99)},
        "cpu_ms_per_query": {name: round(value, 2) for name, value in cpu.items()},
        "queries_per_s_of_eight_callers": round(QUERIES / seconds, 1),
        "memory_mb": {name: [rss_mb(one) for one in some] for name, some in processes.items()},
    }


def cpu_s(process: Process) -> float:
    """Of the processor, since it began."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mb(process: Process) -> int:
    """Memory, mapped files that are in it included."""
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines())
    return int(lines["VmRSS"].split()[0]) // 1024


if __name__ == "__main__":
    sys.exit(main())
