"""What Spark's workers run, over batches of Arrow. All are functions of this module, which travel by name."""

import io
import json
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from annoy_service.bulk.clients import s3
from annoy_service.bulk.part import Work, summary_of_files, summary_of_slice, write_base_of
from annoy_service.bulk.plan import Count, Plan, Slice
from annoy_service.bulk.sources import heard_rows
from annoy_service.parts import Summary
from earshot.embedding_files import track_in
from earshot.errors import DamagedIndex
from earshot.ids import TrackId
from earshot.index.row_sources import FreshRow
from earshot.networks import Network
from earshot.stores.parts import parts_at
from earshot.track import Track

COUNTS = "name string, rows bigint, ids array<string>"
SUMMARIES = "body binary"
ROWS = "base bigint, track_id string, heard_at string, line binary, vectors binary"
RECEIPTS = "base bigint, rows bigint"
_SCHEMA = pa.schema(
    [("base", pa.int64()), ("track_id", pa.string()), ("heard_at", pa.string()), ("line", pa.binary()),
     ("vectors", pa.binary())]
)  # fmt: skip
_AT_ONCE = 256
NO_TRACK = ""
"""Stands for no row: so that a base to which nothing was heard has its turn."""


def counted_in(names: Iterator[pa.RecordBatch], place: str, network: Network) -> Iterator[pa.RecordBatch]:
    """Names of files of embeddings at a place -> their rows, counted."""
    for batch in names:
        for name in batch.column(0).to_pylist():
            table = _table(place, name, ["track_id", "model"])
            heard = table.column("track_id").filter(pa.array([each == network.name for each in _texts(table, "model")]))
            count = Count.of(np.array([each.encode() for each in heard.to_pylist()] or np.zeros(0, "S1")))
            yield pa.RecordBatch.from_pylist([{"name": name, "rows": count.rows, "ids": list(count.ids)}])


def summarised_in(sources: Iterator[pa.RecordBatch], work: Work, plan: Plan) -> Iterator[pa.RecordBatch]:
    """Names of files, and stretches of the index as JSON -> one summary of all of them."""
    whole: Summary | None = None
    for batch in sources:
        for source in batch.column(0).to_pylist():
            name = json.loads(source)
            if isinstance(name, str):
                rows = heard_rows(tracks_in(plan.inputs.place, name), work.recipe.network)
                summary = summary_of_files(iter(sorted(rows, key=lambda row: row.track_id)), work, plan.total)
            else:
                summary = summary_of_slice(Slice(*name), work, plan.total)
            whole = whole + summary if whole else summary
    if whole:
        yield pa.RecordBatch.from_pylist([{"body": whole.to_bytes()}])


def rows_in(names: Iterator[pa.RecordBatch], plan: Plan, network: Network) -> Iterator[pa.RecordBatch]:
    """Names of files of embeddings -> their rows, each with the number of its base."""
    for batch in names:
        for name in batch.column(0).to_pylist():
            yield from _batches(tracks_in(plan.inputs.place, name), plan, network)


def built_in(batches: Iterator[pa.RecordBatch], work: Work) -> Iterator[pa.RecordBatch]:
    """Rows, by base, track and time -> bases in the bucket."""
    rows = (row for batch in batches for row in zip(*(column.to_pylist() for column in batch.columns), strict=True))
    for base, of_base in groupby(rows, key=itemgetter(0)):
        fresh = (
            FreshRow(TrackId(track_id), line, vectors)
            for _, track_id, _, line, vectors in of_base
            if track_id != NO_TRACK
        )
        yield pa.RecordBatch.from_pylist([{"base": base, "rows": write_base_of(base, fresh, work)}])


def _batches(tracks: Iterator[Track], plan: Plan, network: Network) -> Iterator[pa.RecordBatch]:
    held: list[tuple[str, str, bytes, bytes]] = []

    def batch() -> pa.RecordBatch:
        ids, *others = zip(*held, strict=True)
        bases = plan.base_of(np.array([each.encode() for each in ids]))
        columns = [pa.array(column, field.type) for column, field in zip((bases, ids, *others), _SCHEMA, strict=True)]
        held.clear()
        return pa.RecordBatch.from_arrays(columns, schema=_SCHEMA)

    for track in tracks:
        for row in heard_rows([track], network):
            held.append((row.track_id, track.preview_at or "", row.line, row.vectors))
        if len(held) == _AT_ONCE:
            yield batch()
    if held:
        yield batch()


def tracks_in(place: str, name: str) -> Iterator[Track]:
    """The tracks in a file of embeddings at a place, those that could not be heard included.

    Raises:
        DamagedIndex: the file is gone.
    """
    body = _body(place, name)
    for batch in pq.ParquetFile(io.BytesIO(body)).iter_batches(_AT_ONCE):
        yield from map(track_in, batch.to_pylist())


def _table(place: str, name: str, columns: list[str]) -> pa.Table:
    return pq.read_table(io.BytesIO(_body(place, name)), columns=columns)


def _texts(table: pa.Table, name: str) -> list[str | None]:
    texts: list[str | None] = table.column(name).to_pylist()
    return texts


def _body(place: str, name: str) -> bytes:
    body = parts_at(place, s3).read(name)
    if body is None:
        raise DamagedIndex(f"{place}/{name} is gone", hint="Run the build again.")
    return body
