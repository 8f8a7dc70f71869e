"""Parts of embeddings as Parquet (`earshot.embedding_files`), written and looked into."""

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from earshot.descriptors import FIELDS
from earshot.embedding_files import COLUMNS, DESCRIPTORS

_TAG = pa.struct([("name", pa.string()), ("probability", pa.float64())])
_DESCRIPTORS = pa.struct([(name, pa.string() if name == "key" else pa.float64()) for name in FIELDS])
_ARROW: Final = {
    "string": pa.string(), "int": pa.int32(), "binary": pa.binary(), "array<string>": pa.list_(pa.string()),
    "array<struct<name:string,probability:double>>": pa.list_(_TAG), DESCRIPTORS: _DESCRIPTORS,
}  # fmt: skip
_SCHEMA: Final = pa.schema([(name, _ARROW[type_]) for name, type_ in COLUMNS.items()])
_DIGITS = 32


def part_of(folder: str, keys: Iterable[str]) -> str:
    """Name of the part that holds what was heard at `keys`: whoever hears the same keys writes the same part."""
    digest = hashlib.sha256("\n".join(keys).encode()).hexdigest()
    return f"{folder}/{digest[:_DIGITS]}.parquet"


def packed(rows: list[dict[str, object]]) -> bytes:
    """The rows as a file. Embeddings do not get smaller by packing: float16 is noise to it, all else shrinks."""
    sink = io.BytesIO()
    table = pa.Table.from_pylist(rows, _SCHEMA)
    pq.write_table(table, sink, compression="zstd", use_dictionary=["source", "model", "provider", "reason"])
    return sink.getvalue()


def standing(body: bytes) -> Iterator[Mapping[str, str | None]]:
    """`key`, `reason` and `message` of every row."""
    columns = ["key", "reason", "message"]
    yield from pq.read_table(io.BytesIO(body), columns=columns, use_threads=False).to_pylist()
