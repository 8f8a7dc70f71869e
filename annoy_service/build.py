"""Writes segments: the files, their hashes, and for a base the Annoy file, its canaries and its measured recall."""

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from annoy import AnnoyIndex
from aws_lambda_powertools.metrics import MetricUnit

from annoy_service.fit import MAX_FIT_ROWS, Model, Statistics, fit, offset_of
from annoy_service.rows import CHUNK_ROWS, Merged
from earshot.errors import RecallTooLow
from earshot.index.cache import stored_object
from earshot.index.layout import lay_out
from earshot.index.manifest import METRIC, NO_ROWS, Canary, Kind, SegmentEntry, StoredObject
from earshot.index.rows import LINES, OFFSETS, write_lines
from earshot.index.segment import MAP
from earshot.index.transform import CatalogueTransform, Matrix, unit
from earshot.telemetry import emit
from earshot.tracks_table import now_iso

N_TREES = 10
EXACT_UP_TO = 10_000
"""Rows of a base up to which a matrix product is as fast as Annoy, and misses nothing (docs/benchmarks/index.md)."""
MIN_RECALL = 0.95
RECALL_QUERIES = 500
RECALL_AT = 10
_MAX_TREES = 40
_CANARIES = 8
_SEARCH_K = ((10_000, 2_000), (100_000, 5_000), (1_000_000, 20_000), (10_000_000, 60_000))


@dataclass(frozen=True, slots=True)
class AnnoyParameters:
    """How a base is to be searched, and how well that does. `search_k` None: exactly."""

    n_trees: int
    search_k: int | None
    recall: float


def fit_transform(model: Model, rows: Merged) -> CatalogueTransform:
    """The catalogue transform for `rows`."""
    statistics = Statistics(offset_of(model))
    step = max(1, math.ceil(len(rows) / MAX_FIT_ROWS))
    for chunk in rows.raw_chunks(np.arange(0, len(rows), step)):
        statistics.add(chunk)
    return fit(model, statistics)


def write_delta(folder: Path, rows: Merged, transform: CatalogueTransform) -> SegmentEntry:
    """Write `rows` as a delta segment into `folder`."""
    objects = write_rows(folder, rows) | {"vectors.npy": _write_vectors(folder, transform)}
    return _entry("delta", len(rows), objects)


def write_base(folder: Path, rows: Merged, transform: CatalogueTransform) -> tuple[SegmentEntry, AnnoyParameters]:
    """Write `rows` as a base segment into `folder`, with enough trees and candidates to pass the promotion gate.

    Raises:
        RecallTooLow: even the most trees and candidates allowed find too few of the true neighbours.
    """
    objects = write_rows(folder, rows) | {"vectors.npy": _write_vectors(folder, transform)}
    vectors = np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False)
    index, parameters = _build_annoy(vectors, folder / "annoy.ann")
    objects["annoy.ann"] = stored_object(folder / "annoy.ann")
    np.save(folder / MAP, lay_out(vectors, rows.ids, rows.positions()))
    objects[MAP] = stored_object(folder / MAP)
    return _entry("base", len(rows), objects, _canaries(index, vectors)), parameters


def search_k_for(rows: int) -> int:
    """Candidates that Annoy is to look at among `rows` of them: log-linear between measured points."""
    sizes, candidates = (np.log([pair[column] for pair in _SEARCH_K]) for column in (0, 1))
    return 100 * max(1, round(math.exp(float(np.interp(math.log(max(rows, 1)), sizes, candidates))) / 100))


def write_rows(folder: Path, rows: Merged) -> dict[str, StoredObject]:
    """Write what segments of any kind hold of `rows`, but for their vectors, which need a transform."""
    np.save(folder / "ids.npy", rows.ids)
    np.save(folder / "fingerprints.npy", rows.fingerprints())
    with (folder / "raw.npy").open("wb") as raw:
        _npy_header(raw, (len(rows), 2, rows.raw_dim))
        for chunk in rows.raw_chunks():
            raw.write(chunk.astype("<f2").tobytes())
    with (folder / LINES).open("wb") as lines:
        np.save(folder / OFFSETS, write_lines(rows.lines(), lines))
    names = ("ids.npy", "fingerprints.npy", "raw.npy", LINES, OFFSETS)
    return {name: stored_object(folder / name) for name in names}


def _write_vectors(folder: Path, transform: CatalogueTransform) -> StoredObject:
    rows = len(np.load(folder / "raw.npy", mmap_mode="r", allow_pickle=False))
    with (folder / "vectors.npy").open("wb") as vectors:
        _npy_header(vectors, (rows, transform.dim))
        for start in range(0, rows, CHUNK_ROWS):
            raw = np.load(folder / "raw.npy", mmap_mode="r", allow_pickle=False)[start : start + CHUNK_ROWS, 0]
            vectors.write(transform(raw).astype("<f2").tobytes())
    return stored_object(folder / "vectors.npy")


def _npy_header(file: object, shape: tuple[int, ...]) -> None:
    np.lib.format.write_array_header_1_0(file, {"descr": "<f2", "fortran_order": False, "shape": shape})  # type: ignore[arg-type]


def _entry(kind: Kind, rows: int, objects: dict[str, StoredObject], canaries: tuple[Canary, ...] = ()) -> SegmentEntry:
    """The id covers the time of making: a key is never used twice, which keeps the garbage collector safe."""
    names = json.dumps({name: stored.sha256 for name, stored in objects.items()}, sort_keys=True)
    identity = hashlib.sha256(f"{kind}\n{now_iso()}\n{names}".encode()).hexdigest()
    return SegmentEntry(identity, kind, rows, objects, NO_ROWS, canaries)


def _build_annoy(vectors: npt.NDArray[np.float16], path: Path) -> tuple[AnnoyIndex, AnnoyParameters]:
    """Build and save. Few trees and an explicit search_k: bytes are what a cold reader waits for."""
    n_trees, rows = N_TREES, len(vectors)
    while True:
        index = AnnoyIndex(vectors.shape[1], METRIC)
        for start in range(0, rows, CHUNK_ROWS):
            for row, vector in enumerate(unit(vectors[start : start + CHUNK_ROWS]).tolist(), start):
                index.add_item(row, vector)
        index.build(n_trees, n_jobs=1)  # one thread: the result must not depend on the machine's cores
        if rows <= EXACT_UP_TO:
            parameters = AnnoyParameters(n_trees, None, 1.0)
            break
        search_k, recall = _raise_search_k(index, vectors)
        emit("IndexRecall", recall, MetricUnit.NoUnit)
        if recall >= MIN_RECALL:
            parameters = AnnoyParameters(n_trees, search_k, recall)
            break
        n_trees *= 2
        if n_trees > _MAX_TREES:
            emit("IndexNotPublished", 1)
            raise RecallTooLow(
                f"recall@{RECALL_AT} is {recall:.3f} with {n_trees // 2} trees and search_k {search_k}, "
                f"{MIN_RECALL} is needed",
                hint="The version was not published and the one before it stays. Look at the embeddings: many equal "
                "vectors, or a model with few dimensions, can cause this.",
            )
    index.save(str(path))
    return index, parameters


def _raise_search_k(index: AnnoyIndex, vectors: npt.NDArray[np.float16]) -> tuple[int, float]:
    """The measured search_k, doubled (once at least) until the gate opens or a sixth of the catalogue is looked at."""
    search_k = search_k_for(len(vectors))
    most = max(2 * search_k, len(vectors) // 6)
    truth = _true_neighbours(vectors)
    while True:
        recall = _recall(index, vectors, truth, search_k)
        if recall >= MIN_RECALL or 2 * search_k > most:
            return search_k, recall
        search_k *= 2


def _sample(rows: int) -> npt.NDArray[np.intp]:
    return np.unique(np.linspace(0, rows - 1, min(rows, RECALL_QUERIES)).astype(np.intp))


def _true_neighbours(vectors: npt.NDArray[np.float16]) -> npt.NDArray[np.float32]:
    """For each sampled row the similarity of its tenth true neighbour (itself left out), by exact search."""
    queries = unit(vectors[_sample(len(vectors))])
    best: Matrix = np.full((len(queries), RECALL_AT + 1), -2, np.float32)
    for start in range(0, len(vectors), 4 * CHUNK_ROWS):
        similarities = queries @ unit(vectors[start : start + 4 * CHUNK_ROWS]).T
        both = np.concatenate([best, similarities], axis=1)
        best = -np.partition(-both, RECALL_AT, axis=1)[:, : RECALL_AT + 1]
    least: npt.NDArray[np.float32] = best.min(axis=1)
    return least


def _recall(
    index: AnnoyIndex, vectors: npt.NDArray[np.float16], least: npt.NDArray[np.float32], search_k: int
) -> float:
    """Share of the ten true neighbours found. Whatever is at least as near as the tenth counts as true."""
    found = 0
    sample = _sample(len(vectors))
    for row, threshold in zip(sample.tolist(), least.tolist(), strict=True):
        query = unit(vectors[row : row + 1])[0]
        rows = [hit for hit in index.get_nns_by_vector(query.tolist(), RECALL_AT + 6, search_k) if hit != row]
        found += min(RECALL_AT, int((unit(vectors[rows]) @ query >= threshold - 1e-6).sum()))
    return found / (RECALL_AT * len(sample))


def _canaries(index: AnnoyIndex, vectors: npt.NDArray[np.float16]) -> tuple[Canary, ...]:
    """Queries whose answers a reader must be able to repeat before it trusts its copy of the file."""
    k = min(RECALL_AT, len(vectors))
    rows = np.unique(np.linspace(0, len(vectors) - 1, min(len(vectors), _CANARIES)).astype(np.intp)).tolist()
    return tuple(
        Canary(row, tuple(index.get_nns_by_vector(unit(vectors[row : row + 1])[0].tolist(), k, 100 * k)))
        for row in rows
    )
