"""What Spark's workers run: `hear` and its neighbours over batches of Arrow.

All are functions of this module, which travel by name; see `batch.session`.
"""

import json
from collections.abc import Iterator, Sequence

import pyarrow as pa

from earshot.reasons import Reason
from earshot.stores.parts import parts_at
from extractor.bulk.clients import s3
from extractor.bulk.files import standing
from extractor.bulk.hearing import Listed, Work, hear

LISTED = "key string, said string"
"""`said`: JSON."""
STANDING = "key string, reason string, message string"
RECEIPTS = "part string, heard int, unheard string"
"""`unheard`: JSON."""
_AT_ONCE = 4096


def listed_in(pages: Iterator[pa.RecordBatch], place: str) -> Iterator[pa.RecordBatch]:
    """Names of pages (`extractor.bulk.wanted.pages_of`) at a place -> what they list."""
    parts = parts_at(place, s3)
    for batch in pages:
        for name in batch.column(0).to_pylist():
            rows = [json.loads(line) for line in (parts.read(name) or b"").splitlines()]
            yield from _batches([(row["key"], row.get("said")) for row in rows], ("key", "said"))


def standing_in(names: Iterator[pa.RecordBatch], place: str) -> Iterator[pa.RecordBatch]:
    """Names of parts at a place -> how each of their keys stands; `reason` is null for what was heard."""
    parts = parts_at(place, s3)
    for batch in names:
        for name in batch.column(0).to_pylist():
            rows = [(row["key"], row["reason"], row["message"]) for row in standing(parts.read(name) or b"")]
            yield from _batches(rows, ("key", "reason", "message"))


def settled_in(names: Iterator[pa.RecordBatch], place: str) -> Iterator[pa.RecordBatch]:
    """The same of the keys alone for which there is nothing left to do: what may be heard the next time is left out."""
    for batch in standing_in(names, place):
        rows = zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True)
        settled = [(key,) for key, reason in rows if not (reason and Reason(reason).is_worth_retrying)]
        yield from _batches(settled, ("key",))


def heard_in(batches: Iterator[pa.RecordBatch], work: Work) -> Iterator[pa.RecordBatch]:
    """What is listed -> receipts of the parts that it has become."""
    for receipt in hear(_listed(batches), work):
        row = (receipt.part, receipt.heard, json.dumps(dict(receipt.unheard)))
        yield from _batches([row], ("part", "heard", "unheard"))


def _listed(batches: Iterator[pa.RecordBatch]) -> Iterator[Listed]:
    for batch in batches:
        for key, said in zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True):
            yield key, json.loads(said) if said else None


def _batches(rows: Sequence[tuple[object, ...]], names: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    types = {"heard": pa.int32()}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in names])
    for first in range(0, len(rows), _AT_ONCE):
        columns = zip(*rows[first : first + _AT_ONCE], strict=True)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)
