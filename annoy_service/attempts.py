"""What the promotion gate measures: of an engine's efforts the cheapest that finds enough, and what a query costs."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from earshot.index.arrays import RowNumbers, StoredVectors
from earshot.index.engines.engine import Engine, EngineEntry, Opened
from earshot.index.row_sources import CHUNK_ROWS
from earshot.index.transform import Matrix, unit
from earshot.index.write import written_vectors

MIN_RECALL = 0.95
RECALL_QUERIES = 500
RECALL_AT = 10


@dataclass(frozen=True, slots=True)
class Attempt:
    """How an engine is to search a segment, and what it comes to: seconds of a processor to open it and per query."""

    entry: EngineEntry
    recall: float
    load_s: float
    query_s: float

    @property
    def passes(self) -> bool:
        """Whether it finds enough to be published."""
        return self.recall >= MIN_RECALL


class Gate:
    """Measures engines on the vectors in a folder, all on the same queries against the same truth."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.vectors: StoredVectors = written_vectors(folder)
        self.queries = _sample(len(self.vectors))
        self._least = _least_similarities(self.vectors)

    def attempt(self, engine: Engine) -> Attempt:
        """Build the engine's files with the least effort that passes; where none does, the last one that was tried."""
        files = {name: self._folder / name for name in engine.files}
        attempt: Attempt | None = None
        for effort in engine.efforts(len(self.vectors)):
            canaries = engine.build(self._folder, self.vectors, effort.build)
            for search in effort.search:
                entry = EngineEntry(engine.name, {**effort.build, **search}, canaries)
                started = time.thread_time()
                opened = engine.load(files, self.vectors, entry)
                load_s = time.thread_time() - started
                recall, query_s = _measured(opened, self.vectors, self._least)
                attempt = Attempt(entry, recall, load_s, query_s)
                if attempt.passes:
                    return attempt
        if attempt is None:
            raise ValueError(f"the engine {engine.name} makes no effort")
        return attempt


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


def _measured(opened: Opened, vectors: StoredVectors, least: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Share of the ten true neighbours found, and a processor's seconds per query, true similarities included.

    Whatever is at least as near as the tenth counts as true.
    """
    found, spent = 0, 0.0
    sample = _sample(len(vectors))
    for row, threshold in zip(sample.tolist(), least.tolist(), strict=True):
        query = unit(vectors[row : row + 1])[0]
        started = time.thread_time()
        rows, similarities = opened.candidates(query, RECALL_AT + 1, None)
        near = unit(vectors[rows]) @ query if similarities is None else similarities
        spent += time.thread_time() - started
        found += min(RECALL_AT, int((near[rows != row] >= threshold - 1e-6).sum()))
    return found / (RECALL_AT * len(sample)), spent / len(sample)
