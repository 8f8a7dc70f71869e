"""Recall across segments: what each base says of some queries adds up to what all of them find together.

A base is asked where it is built, by whoever has its files: for each query its ten nearest rows by exact search, and
those that its engine finds. The ten best of all bases are then the truth, and what the engines missed of them is known
without anybody having had all files.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from aws_lambda_powertools.metrics import MetricUnit

from annoy_service.attempts import MIN_RECALL, RECALL_AT
from earshot.errors import RecallTooLow
from earshot.index.arrays import Ids, RowNumbers, mapped
from earshot.index.engines.engine import EngineEntry
from earshot.index.engines.registry import engine_named
from earshot.index.manifest import SegmentEntry
from earshot.index.row_sources import CHUNK_ROWS
from earshot.index.segment import IDS
from earshot.index.transform import Matrix, unit
from earshot.index.write import written_vectors
from earshot.telemetry import emit

_ROUNDING = 1e-6
_EFFORTS = 2
"""The one that the base's own gate chose, and the next. Each base passed alone, so that the next is rarely needed."""


@dataclass(frozen=True, slots=True, eq=False)
class Queries:
    """Tracks (q,) and their unit vectors (q, dim). No track counts as its own neighbour."""

    ids: Ids
    vectors: Matrix


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """What a base holds near some queries, as similarities; -inf where it has no more rows.

    `true` (q, 10): its nearest rows. `found` (efforts, q, 10): those that its engine finds with each effort.
    """

    true: Matrix
    found: Matrix


def surveyed(folder: Path, base: SegmentEntry, queries: Queries) -> Survey:
    """What the base, whose files are in `folder`, holds near `queries`."""
    vectors, ids = written_vectors(folder), mapped(folder / IDS, np.bytes_)
    own = _rows_of(queries.ids, ids)
    true = np.full((len(queries.ids), RECALL_AT), -np.inf, np.float32)
    for start in range(0, len(vectors), 4 * CHUNK_ROWS):
        similarities = queries.vectors @ unit(vectors[start : start + 4 * CHUNK_ROWS]).T
        here = np.flatnonzero((own >= start) & (own < start + similarities.shape[1]))
        similarities[here, own[here] - start] = -np.inf
        true = _best(np.concatenate([true, similarities], axis=1))
    engine = engine_named(base.engine.name)
    files, nothing = {name: folder / name for name in engine.files}, np.full(RECALL_AT, -np.inf, np.float32)
    found = np.full((len(efforts(base)), *true.shape), -np.inf, np.float32)
    for effort, entry in zip(found, efforts(base), strict=True):
        opened = engine.load(files, vectors, entry)
        for number, (query, row) in enumerate(zip(queries.vectors, own.tolist(), strict=True)):
            rows = opened.candidates(query, RECALL_AT + 1, None).rows
            near = unit(vectors[rows[rows != row]]) @ query
            effort[number] = _best(np.concatenate([near, nothing])[None])[0]
    return Survey(true, found)


def efforts(base: SegmentEntry) -> list[EngineEntry]:
    """How the base may be searched: as its own gate chose, and with more effort where its engine can."""
    built = dict(base.engine.params)
    for effort in engine_named(base.engine.name).efforts(base.rows):
        ways = [{**effort.build, **search} for search in effort.search]
        if built in ways:
            chosen = ways[ways.index(built) :][:_EFFORTS]
            return [replace(base.engine, params=params) for params in chosen]
    return [base.engine]


def admitted(bases: Sequence[SegmentEntry], surveys: Sequence[Survey]) -> tuple[list[SegmentEntry], float]:
    """The bases with the least effort that finds enough of all of them together, and how much that is.

    Raises:
        RecallTooLow: even the most effort finds too little.
    """
    recall = 0.0
    for level in range(_EFFORTS):
        recall = recall_across(surveys, level)
        if recall >= MIN_RECALL:
            emit("IndexRecall", recall, MetricUnit.NoUnit)
            return [replace(base, engine=efforts(base)[: level + 1][-1]) for base in bases], recall
    emit("IndexRecall", recall, MetricUnit.NoUnit)
    emit("IndexNotPublished", 1)
    raise RecallTooLow(
        f"recall@{RECALL_AT} across {len(bases)} bases is {recall:.3f}, {MIN_RECALL} is needed",
        hint="The version was not published and the one before it stays. Build fewer and larger bases.",
    )


def recall_across(surveys: Sequence[Survey], level: int = 0) -> float:
    """Share of the ten true neighbours found. Whatever is at least as near as the tenth counts as true."""
    true = _best(np.concatenate([survey.true for survey in surveys], axis=1))
    found = _best(np.concatenate([survey.found[min(level, len(survey.found) - 1)] for survey in surveys], axis=1))
    least = np.maximum(true[:, -1:], np.finfo(np.float32).min)  # fewer than ten rows: all of them
    return float((found >= least - _ROUNDING).sum() / max(1, (true >= least).sum()))


def _best(similarities: Matrix) -> Matrix:
    """Of each row the ten greatest, the greatest first."""
    best: Matrix = -np.sort(np.partition(-similarities, RECALL_AT - 1, axis=1)[:, :RECALL_AT], axis=1)
    return best


def _rows_of(wanted: Ids, ids: Ids) -> RowNumbers:
    """The row of each of `wanted` among the ascending `ids`; -1 where it is none."""
    rows = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[rows] == wanted, rows, -1)
