"""Writes bases. Of an engine's efforts the promotion gate takes the cheapest that finds enough true neighbours."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from aws_lambda_powertools.metrics import MetricUnit

from earshot.errors import RecallTooLow
from earshot.index.arrays import RowNumbers, StoredVectors
from earshot.index.engines.annoy import ANNOY
from earshot.index.engines.engine import Engine, EngineEntry, Opened
from earshot.index.engines.exact import EXACTLY
from earshot.index.layout import lay_out
from earshot.index.manifest import SegmentEntry
from earshot.index.row_sources import CHUNK_ROWS, MergedRows
from earshot.index.transform import CatalogueTransform, Matrix, unit
from earshot.index.write import Lay, sealed, stored, write_map, write_rows, write_shelf, write_vectors, written_vectors
from earshot.telemetry import emit

EXACT_UP_TO = 10_000
"""Rows of a base up to which a matrix product is as fast as Annoy, and misses nothing (docs/benchmarks/index.md)."""
MIN_RECALL = 0.95
RECALL_QUERIES = 500
RECALL_AT = 10


def write_base(folder: Path, rows: MergedRows, transform: CatalogueTransform, lay: Lay = lay_out) -> SegmentEntry:
    """Write `rows` as a base segment into `folder`, searched exactly or by an engine that passes the promotion gate.

    Raises:
        RecallTooLow: even the most effort finds too few of the true neighbours.
    """
    objects = {**write_rows(folder, rows), **write_shelf(folder), **write_vectors(folder, transform)}
    if len(rows) <= EXACT_UP_TO:
        engine, recall = EXACTLY, 1.0
    else:
        engine, recall = admit(ANNOY, folder)
        objects |= stored(folder, ANNOY.files)
    return sealed("base", len(rows), {**objects, **write_map(folder, rows, lay)}, engine, recall=recall)


def admit(engine: Engine, folder: Path) -> tuple[EngineEntry, float]:
    """Build the engine's files for the vectors in `folder` with the least effort that passes; also gives its recall.

    Raises:
        RecallTooLow: none passes.
    """
    vectors, files = written_vectors(folder), {name: folder / name for name in engine.files}
    least, recall = _least_similarities(vectors), 0.0
    for effort in engine.efforts(len(vectors)):
        canaries = engine.build(folder, vectors, effort.build)
        for search in effort.search:
            entry = EngineEntry(engine.name, {**effort.build, **search}, canaries)
            recall = _recall(engine.load(files, vectors, entry), vectors, least)
            if recall >= MIN_RECALL:
                emit("IndexRecall", recall, MetricUnit.NoUnit)
                return entry, recall
    emit("IndexRecall", recall, MetricUnit.NoUnit)
    emit("IndexNotPublished", 1)
    raise RecallTooLow(
        f"recall@{RECALL_AT} of {engine.name} is {recall:.3f} with {dict(entry.params)}, {MIN_RECALL} is needed",
        hint="The version was not published and the one before it stays. Look at the embeddings: many equal "
        "vectors, or a recipe with few dimensions, can cause this.",
    )


def _sample(rows: int) -> RowNumbers:
    return np.unique(np.linspace(0, rows - 1, min(rows, RECALL_QUERIES)).astype(np.intp))


def _least_similarities(vectors: StoredVectors) -> npt.NDArray[np.float32]:
    """For each sampled row the similarity of its tenth true neighbour (itself left out), by exact search."""
    queries = unit(vectors[_sample(len(vectors))])
    best: Matrix = np.full((len(queries), RECALL_AT + 1), -2, np.float32)
    for start in range(0, len(vectors), 4 * CHUNK_ROWS):
        similarities = queries @ unit(vectors[start : start + 4 * CHUNK_ROWS]).T
        both = np.concatenate([best, similarities], axis=1)
        best = -np.partition(-both, RECALL_AT, axis=1)[:, : RECALL_AT + 1]
    least: npt.NDArray[np.float32] = best.min(axis=1)
    return least


def _recall(opened: Opened, vectors: StoredVectors, least: npt.NDArray[np.float32]) -> float:
    """Share of the ten true neighbours found. Whatever is at least as near as the tenth counts as true."""
    found = 0
    sample = _sample(len(vectors))
    for row, threshold in zip(sample.tolist(), least.tolist(), strict=True):
        query = unit(vectors[row : row + 1])[0]
        rows = opened.candidates(query, RECALL_AT + 1, None).rows
        found += min(RECALL_AT, int((unit(vectors[rows[rows != row]]) @ query >= threshold - 1e-6).sum()))
    return found / (RECALL_AT * len(sample))
