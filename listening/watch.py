"""Watches the table that serves: how it does on what was played since it was learned, and whether it has grown old."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from aws_lambda_powertools.metrics import MetricUnit
from scipy import sparse

from earshot.clock import Timestamp, now_iso
from earshot.colistening.manifest import Figures, Manifest, watched_key
from earshot.colistening.store import ColisteningStore
from earshot.colistening.table import ColisteningTable
from earshot.index.arrays import Ids
from earshot.index.cache import FileCache
from earshot.telemetry import emit, logger
from listening.models.interactions import Interactions, Numbers
from listening.models.judge import Judgement, judge, of_popularity, of_table, standard_error
from listening.models.learn import ndcg_of

LEAST_JUDGED = 30
"""Listeners. Of fewer nothing is said: their standard error is as large as what is looked for."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How a version does on the newest plays.

    `gate`: what it must reach, its NDCG@10 at its verdict less a standard error. `has_drifted`: it is below that, or
    below popularity, by more than the standard error of `figures`.
    """

    version: str
    watched_at: Timestamp
    figures: Figures
    popularity: Figures
    gate: float
    has_drifted: bool


def watch(store: ColisteningStore, serving: Manifest, people: Interactions, ids: Ids, work_dir: Path) -> Drift | None:
    """Judge what serves on what was played since, keep the figures beside the version, and tell those who watch.

    Args:
        store: where the version is.
        serving: it.
        people: who has found enough since it was built (`newest`).
        ids: of the tracks (n,), ascending; items are places among them.
        work_dir: room for its files.

    Returns:
        The figures; None where those are fewer than 30.

    Raises:
        DamagedIndex: the version cannot be read.
    """
    if people.n_listeners < LEAST_JUDGED:
        return None
    table = ColisteningTable(serving, FileCache(store, work_dir / "serving"))
    places = np.searchsorted(ids, table.ids)
    known = ids[np.minimum(places, len(ids) - 1)] == table.ids
    heard = np.zeros(len(ids), np.int64)
    heard[places[known]] = table.popularities(table.ids)[known]
    found = judge(of_table(_rows(table, places, known, len(ids))), people)
    popularity = judge(of_popularity(heard), people)
    drift = _drift(serving, found, popularity)
    store.put(watched_key(drift.version, drift.watched_at), json.dumps(asdict(drift)).encode())
    emit("ColisteningNdcg", drift.figures["ndcg10"], MetricUnit.NoUnit)
    if drift.has_drifted:
        emit("ColisteningDrifted", 1)
        logger().warning("the co-listening table that serves has grown old", version=drift.version, gate=drift.gate)
    return drift


def _drift(serving: Manifest, found: Judgement, popularity: Judgement) -> Drift:
    at_verdict = serving.training.figures
    gate = at_verdict.get("ndcg10", 0.0) - at_verdict.get("ndcg10_se", 0.0)
    best_guess = ndcg_of(found) + standard_error(found.ndcg)
    has_drifted = best_guess < max(gate, ndcg_of(popularity))
    return Drift(serving.version, now_iso(), found.figures(), popularity.figures(), round(gate, 5), has_drifted)


def _rows(table: ColisteningTable, places: Numbers, known: npt.NDArray[np.bool_], n: int) -> sparse.csr_array:
    """The table in the numbering of the items: (n, n)."""
    rows, columns, weights = table.entries()
    kept = known[rows] & known[columns]
    return sparse.csr_array((weights[kept], (places[rows[kept]], places[columns[kept]])), shape=(n, n))
