"""Rows on their way into a base in bulk: out of files of embeddings, and out of the version that the index had."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from annoy_service.bulk.plan import Slice
from earshot.errors import EarshotError
from earshot.index.arrays import RowNumbers
from earshot.index.manifest import Manifest
from earshot.index.row_sources import FreshRow, FreshRows, MergedRows, RowSource, StoredRows, fresh_row
from earshot.index.rows import row_in
from earshot.index.slices import fetched_slice
from earshot.index.store import IndexStore
from earshot.index.write import write_rows
from earshot.networks import Network
from earshot.telemetry import logger
from earshot.track import Track

_SPILL = 20_000

_log = logger()


def heard_rows(tracks: Iterable[Track], network: Network) -> Iterator[FreshRow]:
    """The rows of tracks that have an embedding of `network`. One whose embedding is none is left out, and named."""
    for track in tracks:
        if track.embedding is None or track.model != network.name:
            continue
        try:
            yield fresh_row(track, network)
        except EarshotError as error:
            _log.error("a track cannot be indexed", correlation_id=track.track_id, error=error.message)


def spilled(rows: Iterator[FreshRow], network: Network, folder: Path) -> list[StoredRows]:
    """Rows, written to disk by the ten thousands. Of a track's rows, which follow each other, the last one counts."""
    rows = _last_of_each(rows)
    stored: list[StoredRows] = []
    while some := list(islice(rows, _SPILL)):
        part = Path(tempfile.mkdtemp(dir=folder))
        write_rows(part, MergedRows([FreshRows(some, network.dimensions)], network.dimensions))
        stored.append(StoredRows(part.joinpath, np.arange(len(some))))
    return stored


def sliced(store: IndexStore, before: Manifest, slices: Iterable[Slice], folder: Path) -> list[StoredRows]:
    """The living rows of stretches of the version `before`; their files are written below `folder`.

    Raises:
        DamagedIndex: a file is missing, or a row was altered.
    """
    return [
        fetched_slice(store, before.segments[each.segment], each.start, each.stop, Path(tempfile.mkdtemp(dir=folder)))
        for each in slices
    ]


def newest_of_both(heard: Sequence[StoredRows], indexed: Sequence[StoredRows]) -> list[RowSource]:
    """All rows; of a track that is in both the one whose preview is newer, and what was indexed where neither is.

    Within `heard`, and within `indexed`, each track is once.
    """
    lost_here, lost_there = _losers(heard, indexed)
    kept = [source.without(rows) for source, rows in zip((*heard, *indexed), (*lost_here, *lost_there), strict=True)]
    return [source for source in kept if len(source)]


def _losers(heard: Sequence[StoredRows], indexed: Sequence[StoredRows]) -> tuple[list[RowNumbers], list[RowNumbers]]:
    lost_here: list[list[int]] = [[] for _ in heard]
    lost_there: list[list[int]] = [[] for _ in indexed]
    for here, new in enumerate(heard):
        for there, old in enumerate(indexed):
            _, at_new, at_old = np.intersect1d(new.ids, old.ids, assume_unique=True, return_indices=True)
            for ours, theirs in zip(at_new.tolist(), at_old.tolist(), strict=True):
                if _heard_at(new, ours) > _heard_at(old, theirs):
                    lost_there[there].append(theirs)
                else:
                    lost_here[here].append(ours)
    numbers = partial(np.array, dtype=np.intp)
    return [numbers(rows) for rows in lost_here], [numbers(rows) for rows in lost_there]


def _heard_at(rows: StoredRows, row: int) -> str:
    (line,) = rows.lines(np.array([row]))
    return str(row_in(line).get("preview_at") or "")


def _last_of_each(rows: Iterator[FreshRow]) -> Iterator[FreshRow]:
    held: FreshRow | None = None
    for row in rows:
        if held is not None and held.track_id != row.track_id:
            yield held
        held = row
    if held is not None:
        yield held
