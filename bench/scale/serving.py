"""Serves what was built from one process: `python -m bench.scale.serving FOLDER [open]` prints JSON.

`open` only opens it, the first time with a download. The process may have 16 GB of address space and no more: what is
mapped counts, too.
"""

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np

from bench.index.catalogue import chunks
from bench.index.folder_s3 import FolderS3
from bench.index.updates import BUCKET
from bench.scale.building import Site
from earshot.index.reader import IndexReader
from earshot.index.searcher import Searcher
from earshot.index.transform import Matrix, unit

LIMIT = 16 << 30
K = 10
QUERIES, JUDGED = 1_000, 200
TURNS = 3
"""The best counts: what another program on the machine does says nothing of this one."""
_CHUNK = 65_536


def main() -> None:
    """Open, ask, judge."""
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))
    site = Site(Path(sys.argv[1]), 0, 1)
    s3 = FolderS3(site.folder / "s3")
    started, cpu = time.perf_counter(), time.process_time()
    searcher = IndexReader(s3.as_client(), BUCKET, site.folder / "reader", check_every_s=3600).current()
    start = {
        "start_s": time.perf_counter() - started, "start_cpu_s": time.process_time() - cpu,
        "downloaded": sum(s3.read.values()), "opened": _status(),
    }  # fmt: skip
    if sys.argv[2:] == ["open"]:
        print(json.dumps(start))
        return
    rng = np.random.default_rng(5)
    queries = queries_of(searcher, rng, QUERIES)
    for query in queries:
        searcher.nearest(query, K)  # what a process that has served for a while has in memory
    spent = [_milliseconds(searcher, query) for query in queries]
    fresh = site.common().transform(next(iter(chunks(QUERIES, seed=9_999)))[:, 0])
    unseen = [_milliseconds(searcher, query) for query in fresh]
    judged = _recalls(searcher, np.concatenate([queries[:JUDGED], fresh[:JUDGED]]))
    figures = {
        "tracks": searcher.size, "segments": len(searcher.segments), **start,
        "recall": float(np.mean(judged[:JUDGED])), "recall_of_unseen": float(np.mean(judged[JUDGED:])),
        "of_its_tracks": _percentiles(spent), "unseen": _percentiles(unseen),
        "served": _status(), "limit_bytes": LIMIT,
    }  # fmt: skip
    print(json.dumps(figures))


def queries_of(searcher: Searcher, rng: np.random.Generator, n: int) -> Matrix:
    """Vectors of `n` of its tracks."""
    parts = [segment.vectors for segment, _ in searcher.segments]
    chosen = [(int(rng.integers(len(parts))), int(rng.integers(1 << 40))) for _ in range(n)]
    return unit(np.stack([parts[part][row % len(parts[part])] for part, row in chosen]))


def _milliseconds(searcher: Searcher, query: np.ndarray[tuple[int], np.dtype[np.float32]]) -> tuple[float, float]:
    """By the clock, and of the processor."""
    turns = []
    for _ in range(TURNS):
        started, cpu = time.perf_counter(), time.thread_time()
        searcher.nearest(query, K)
        turns.append((time.perf_counter() - started, time.thread_time() - cpu))
    wall, processor = (min(column) * 1e3 for column in zip(*turns, strict=True))
    return wall, processor


def _percentiles(spent: list[tuple[float, float]]) -> dict[str, float]:
    names = ("wall", "cpu")
    return {
        f"{name}_p{share}_ms": round(float(np.percentile(column, share)), 3)
        for name, column in zip(names, zip(*spent, strict=True), strict=True)
        for share in (50, 95, 99)
    }


def recall_of(searcher: Searcher, queries: Matrix) -> float:
    """Share of the ten nearest by exact search over all; whatever is as near as the tenth counts."""
    return float(np.mean(_recalls(searcher, queries)))


def _recalls(searcher: Searcher, queries: Matrix) -> list[float]:
    """Of each query."""
    best = np.full((len(queries), K), -2, np.float32)
    for segment, _ in searcher.segments:
        for start in range(0, segment.rows, _CHUNK):
            similarities = queries @ unit(segment.vectors[start : start + _CHUNK]).T
            best = -np.partition(-np.concatenate([best, similarities], axis=1), K - 1, axis=1)[:, :K]
    least = (best.min(axis=1) - 1e-6).tolist()
    found = [[hit.similarity for hit in searcher.nearest(query, K)] for query in queries]
    return [min(K, sum(each >= low for each in of_query)) / K for of_query, low in zip(found, least, strict=True)]


def _status() -> dict[str, int]:
    """Bytes of this process: of its own, of files that it maps and that are in memory, and the most of both."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    names = {"own": "RssAnon", "mapped": "RssFile", "peak": "VmHWM", "address_space": "VmPeak"}
    return {name: int(lines[field].split()[0]) * 1024 for name, field in names.items()}


if __name__ == "__main__":
    main()
