"""Tables of what is played together, written down by tests."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from earshot.clock import Timestamp
from earshot.colistening.manifest import Manifest, Snapshot, TableEntry, Training, Verdict
from earshot.colistening.publish import publish
from earshot.colistening.rows import PER_TRACK, TableRows
from earshot.colistening.store import ColisteningStore
from earshot.colistening.table import ColisteningTable
from earshot.index.cache import FileCache

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

Links = Mapping[str, Mapping[str, tuple[float, int]]]
"""Of a track those played with it: weight, and how many listeners have played both."""
_TRAINING = Training(
    model="knn",
    parameters={"knn": 1.0},
    data=Snapshot("2026-11-01", "2026-11-20", 1000, 20, 6, "ab" * 32),
    figures={"ndcg10": 0.2},
    candidates={},
    baselines={},
    verdict=Verdict(enters=True, reason="the first"),
)


def rows_of(links: Links, listeners: Mapping[str, int] | None = None) -> TableRows:
    """The table of `links`; `listeners`: how many have played a track."""
    heard = listeners or {}
    ids = sorted({*links, *heard, *(other for found in links.values() for other in found)})
    place = {track_id: row for row, track_id in enumerate(ids)}
    neighbours = np.zeros((len(ids), PER_TRACK), np.uint32)
    weights = np.zeros((len(ids), PER_TRACK), np.float16)
    both = np.zeros((len(ids), PER_TRACK), np.uint32)
    for track_id, found in links.items():
        best = sorted(found.items(), key=lambda item: -item[1][0])[:PER_TRACK]
        for column, (other, (weight, count)) in enumerate(best):
            neighbours[place[track_id], column] = place[other]
            weights[place[track_id], column] = weight
            both[place[track_id], column] = count
    counts = np.array([[0, heard.get(track_id, 0)] for track_id in ids], np.uint32)
    return TableRows(np.array([track_id.encode() for track_id in ids]), neighbours, weights, both, counts)


def on_disk(rows: TableRows, folder: Path) -> ColisteningTable:
    """The table, opened from files in `folder` that no bucket has seen."""
    folder.mkdir(parents=True, exist_ok=True)
    entry = TableEntry("t", len(rows.ids), rows.write(folder))
    cache = FileCache(ColisteningStore(None, ""), folder / "cache")  # type: ignore[arg-type]
    cache.adopt(entry, folder)
    return ColisteningTable(Manifest(entry, _TRAINING, Timestamp("2026-11-20T07:00:00.000000Z")), cache)


def published(s3: "S3Client", rows: TableRows, folder: Path) -> str:
    """The version of the table, now the one that serves from the bucket `index`."""
    store = ColisteningStore(s3, "index")
    return publish(store, rows, _TRAINING, seen=store.head(), work_dir=folder).version
