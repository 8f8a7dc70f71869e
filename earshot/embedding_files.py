"""What a Parquet file of embeddings holds: a row per track, with all that a row of the tracks table does.

Who reads audio in bulk writes such files, who builds an index in bulk reads them. A row says either what was heard or,
in `reason` and `message`, why nothing could be; such a row has no embedding. The columns are those of `TrackInfo` and
these more; one that is unknown is null.
"""

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Final

from earshot.ids import TrackId
from earshot.track import Row, Status, Track, TrackInfo

DESCRIPTORS: Final = (
    "struct<bpm:double,other_bpm:double,pulse_clarity:double,key:string,key_confidence:double,loudness:double,"
    "loudness_range:double>"
)
"""`earshot.descriptors.Descriptors`, field by field. Files of older Earshots have no such column."""
_STATE: Final = {
    "key": "string",
    "model": "string",
    "embedding": "binary",
    "drift": "binary",
    "tags": "array<struct<name:string,probability:double>>",
    "descriptors": DESCRIPTORS,
    "provider": "string",
    "preview_at": "string",
    "reason": "string",
    "message": "string",
}
_TYPES: Final[Mapping[object, str]] = {
    TrackId: "string", str: "string", str | None: "string", int | None: "int", tuple[str, ...]: "array<string>",
}  # fmt: skip

COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {field.name: _TYPES[field.type] for field in fields(TrackInfo)} | _STATE
)
"""Types by column, as Spark SQL writes them.

`key`: where the audio was read. `embedding`, `drift`: little-endian float16 (`earshot.embedding.Embedding`).
"""
SCHEMA: Final = ", ".join(f"{name} {type_}" for name, type_ in COLUMNS.items())
"""For Spark."""


def folder_of(model: str) -> str:
    """Where files of a network's embeddings lie (``*.parquet``), below the place that a job was given."""
    return f"embeddings/{model}"


def row_of(track: Track, key: str, message: str = "") -> dict[str, object]:
    """The row of a track that was heard, or of one that was not: then `track.reason` says why."""
    state = {
        "key": key,
        "model": track.model,
        "embedding": track.embedding,
        "drift": track.drift,
        "tags": [{"name": tag.name, "probability": tag.probability} for tag in track.tags] or None,
        "descriptors": track.descriptors and track.descriptors.to_row(),
        "provider": track.provider,
        "preview_at": track.preview_at,
        "reason": track.reason and str(track.reason),
        "message": message or None,
    }
    return dict.fromkeys(COLUMNS) | track.info.to_row() | state


def track_in(row: Row) -> Track:
    """The track in a row that was read (`Row.asDict()`, `RecordBatch.to_pylist()`)."""
    known = {name: value for name, value in row.items() if value is not None}
    tags = [(tag["name"], tag["probability"]) for tag in known.get("tags", ())]
    status = Status.FAILED if "reason" in known else Status.READY
    return Track.from_row({**known, "tags": tags, "status": status})
