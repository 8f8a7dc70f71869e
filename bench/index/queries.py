"""What answers cost and what they miss: `python -m bench.index.queries TRACKS FOLDER` prints JSON.

The searcher against bare Annoy of the same vectors, in turns; then with 10,000 delta rows and 10 % of
the tracks deleted. Peers on the same vectors: the exact product, voyager (HNSW) and the recipe of the ancestor (128
trees, search_k 128 * k * 100000).
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from annoy import AnnoyIndex
from voyager import Index, Space

from annoy_service.builder import make_builder
from annoy_service.fold import fold
from bench.index.catalogue import RECIPE
from bench.index.folder_s3 import FolderS3
from bench.index.results import Built, Figures
from bench.index.updates import BUCKET, rows
from earshot.embedding import Vector
from earshot.ids import TrackId
from earshot.index.engines.annoy import ANNOY, search_k_for
from earshot.index.reader import IndexReader
from earshot.index.row_sources import FreshRow
from earshot.index.searcher import Searcher
from earshot.index.store import IndexStore
from earshot.index.transform import Matrix, unit

QUERIES = 500
K = 10
EARSHOT, BARE, FULL = "earshot", "bare Annoy", "earshot, with titles and tags"
PEER_QUERIES = 25
DELTA_ROWS = 10_000
DEAD_SHARE = 0.10
PEERS_UP_TO = 200_000
"""At a million the ancestor's 128 trees and exhaustive search_k take hours, and HNSW half an hour to build."""

_CHUNK = 32_768
Answer = Callable[[Vector], list[str]]


class Catalogue:
    """The living rows of a searcher, for exact answers."""

    def __init__(self, searcher: Searcher) -> None:
        parts = [
            (segment, np.arange(segment.rows) if dead is None else np.flatnonzero(~dead))
            for segment, dead in searcher.segments
        ]
        self.ids = np.concatenate([segment.ids[rows] for segment, rows in parts])
        self.vectors: npt.NDArray[np.float16] = np.concatenate([segment.vectors[rows] for segment, rows in parts])

    def queries(self) -> tuple[list[str], Matrix, list[set[str]]]:
        """Ids and unit vectors of the queries, and for each the ids of its true neighbours."""
        chosen = np.linspace(0, len(self.ids) - 1, QUERIES).astype(np.intp)
        vectors = unit(self.vectors[chosen])
        best = np.full((QUERIES, K + 1), -2, np.float32)
        rows = np.zeros((QUERIES, K + 1), np.intp)
        for start in range(0, len(self.ids), _CHUNK):
            similarities = vectors @ unit(self.vectors[start : start + _CHUNK]).T
            both = np.concatenate([best, similarities], axis=1)
            numbers = np.broadcast_to(np.arange(start, start + similarities.shape[1]), similarities.shape)
            candidates = np.concatenate([rows, numbers], axis=1)
            top = np.argpartition(-both, K, axis=1)[:, : K + 1]
            best, rows = np.take_along_axis(both, top, axis=1), np.take_along_axis(candidates, top, axis=1)
        own = [self.ids[row].decode() for row in chosen]
        truth = [{self.ids[i].decode() for i in near} - {name} for near, name in zip(rows, own, strict=True)]
        return own, vectors, truth


def measure(answers: dict[str, Answer], queries: tuple[list[str], Matrix, list[set[str]]]) -> dict[str, Figures]:
    """Recall@10 and milliseconds of each way to answer.

    All ways take turns on each query, each being first once, and the best turn counts: what another program on the
    machine does, or which way found the vectors in the processor's cache, says nothing of the ways.
    """
    names, vectors, truth = queries
    ways = list(answers)
    found = dict.fromkeys(ways, 0)
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for own, vector, true in zip(names, vectors, truth, strict=True):
        best = dict.fromkeys(ways, float("inf"))
        for turn in range(len(ways)):
            for name in ways[turn:] + ways[:turn]:
                started = time.perf_counter()
                hits = answers[name](vector)
                best[name] = min(best[name], time.perf_counter() - started)
                if turn == 0:
                    found[name] += len(true.intersection([hit for hit in hits if hit != own][:K]))
        for name in ways:
            seconds[name].append(best[name])
    return {
        name: {
            "recall": found[name] / sum(map(len, truth)),
            "p50_ms": float(np.percentile(seconds[name], 50)) * 1e3,
            "p95_ms": float(np.percentile(seconds[name], 95)) * 1e3,
        }
        for name in answers
    }


def searcher_answer(searcher: Searcher) -> Answer:
    """Merged, without the dead, re-scored: ids and true similarities."""
    return lambda vector: [hit.track_id for hit in searcher.nearest(vector, K + 1)]


def full_answer(searcher: Searcher) -> Answer:
    """The same with titles and tags, as the api shows them."""
    return lambda vector: [hit.track.track_id for hit in searcher.search(vector, K + 1)]


def annoy_answer(index: AnnoyIndex, ids: npt.NDArray[np.bytes_], search_k: int) -> Answer:
    """Bare Annoy: neither similarities nor metadata."""
    return lambda vector: [ids[i].decode() for i in index.get_nns_by_vector(vector.tolist(), K + 1, search_k)]


def exact_answer(catalogue: Catalogue) -> Answer:
    """One matrix product."""
    matrix = unit(catalogue.vectors)

    def answer(vector: Vector) -> list[str]:
        similarities = matrix @ vector
        top = np.argpartition(-similarities, K)[: K + 1]
        return [catalogue.ids[i].decode() for i in top[np.argsort(-similarities[top])]]

    return answer


def peers(catalogue: Catalogue) -> tuple[dict[str, Answer], dict[str, Built]]:
    """Other ways to answer, and what they cost to build."""
    ways: dict[str, Answer] = {"exact product": exact_answer(catalogue)}
    built: dict[str, Built] = {}
    if len(catalogue.ids) <= PEERS_UP_TO:
        vectors = unit(catalogue.vectors)
        cpu = time.process_time()
        hnsw = Index(Space.InnerProduct, num_dimensions=vectors.shape[1], M=16, ef_construction=200, random_seed=1)
        hnsw.add_items(vectors, num_threads=1)
        built["voyager (HNSW)"] = {"build_cpu_s": time.process_time() - cpu, "mb": len(hnsw.as_bytes()) / 1e6}
        ways["voyager (HNSW)"] = lambda v: [catalogue.ids[i].decode() for i in hnsw.query(v, K + 1, query_ef=80)[0]]
        cpu = time.process_time()
        ancestor = AnnoyIndex(vectors.shape[1], "angular")
        for row, vector in enumerate(vectors.tolist()):
            ancestor.add_item(row, vector)
        ancestor.build(128, n_jobs=1)
        built["the ancestor's recipe"] = {"build_cpu_s": time.process_time() - cpu}
        ways["the ancestor's recipe"] = annoy_answer(ancestor, catalogue.ids, 128 * K * 100_000)
    return ways, built


def bare_annoy(catalogue: Catalogue, folder: Path, built: dict[str, Built]) -> AnnoyIndex:
    """Annoy as an index would keep it, whatever engine searches this one."""
    cpu = time.process_time()
    ANNOY.build(folder, catalogue.vectors, {"n_trees": 10})
    file = folder / ANNOY.files[0]
    built[BARE] = {"build_cpu_s": time.process_time() - cpu, "mb": file.stat().st_size / 1e6}
    index = AnnoyIndex(catalogue.vectors.shape[1], "angular")
    index.load(str(file))
    return index


def main() -> None:
    """One size."""
    tracks, folder = int(sys.argv[1]), Path(sys.argv[2])
    s3 = FolderS3(folder / "s3").as_client()
    reader = IndexReader(s3, BUCKET, folder / "queries", check_every_s=0)
    searcher = reader.current()
    store = IndexStore(s3, BUCKET)
    head = store.head()
    manifest = store.manifest(head.pointer) if head else None
    if manifest is None:
        raise SystemExit("prepare the index first")
    catalogue = Catalogue(searcher)
    ways, built = peers(catalogue)
    search_k = search_k_for(len(catalogue.ids))
    annoy = annoy_answer(bare_annoy(catalogue, folder, built), catalogue.ids, search_k)
    compared = {EARSHOT: searcher_answer(searcher), BARE: annoy, FULL: full_answer(searcher)}
    queries = catalogue.queries()
    measure(compared, queries)  # warm the page cache
    clean = measure(compared, queries)
    names, vectors, truth = queries
    for name in list(ways):
        clean |= measure({name: ways.pop(name)}, (names[:PEER_QUERIES], vectors[:PEER_QUERIES], truth[:PEER_QUERIES]))

    rng = np.random.default_rng(9)
    chosen = rng.permutation(len(catalogue.ids))[: int(DEAD_SHARE * tracks)]
    changes: dict[TrackId, FreshRow | None] = {TrackId(catalogue.ids[i].decode()): None for i in chosen}
    for chunk in rows(2 * tracks, DELTA_ROWS, seed=11):
        changes |= {row.track_id: row for row in chunk}
    fold(make_builder(s3, BUCKET, RECIPE, folder / "fold"), lambda: changes)
    searcher = reader.current()
    worn_queries = Catalogue(searcher).queries()
    compared = {EARSHOT: searcher_answer(searcher), BARE: annoy, FULL: full_answer(searcher)}
    measure(compared, worn_queries)
    worn = measure(compared, worn_queries)
    print(json.dumps({"search_k": search_k, "clean": clean, "worn": worn, "built": built}))


if __name__ == "__main__":
    main()
