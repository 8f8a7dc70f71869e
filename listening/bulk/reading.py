"""Plays in Parquet, of the lake or of anybody else, as evidence: who did what with which track, how much, and when."""

import io
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

import boto3
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from botocore.config import Config

from earshot.errors import InvalidInput
from earshot.stores.parts import parts_at

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PLAYS = "listener string, track string, at long, worth double, song long, accepted long"
"""`worth`: 1 for a play, -1 for a skip, or a weight. `song` and `accepted` tell a play of the lake from itself, written
twice; null elsewhere."""
_LAKE = ("listener", "track_id", "listened_at", "skip", "song", "accepted_at")
_NEEDED = ("listener", "track")


@cache
def s3() -> "S3Client":
    """Where plays are: one client per process."""
    return boto3.client("s3", config=Config(retries={"mode": "adaptive", "total_max_attempts": 10}))


def plays_in(names: Iterator[pa.RecordBatch], place: str) -> Iterator[pa.RecordBatch]:
    """Names of Parquet files at a place -> `PLAYS`. What has no track is left out; a file that is gone has no plays.

    Raises:
        InvalidInput: a file is neither of the lake nor has columns `listener` and `track`.
    """
    parts = parts_at(place, s3)
    for batch in names:
        for name in batch.column(0).to_pylist():
            body = parts.read(name)
            if body is not None:
                yield from _plays(pq.read_table(io.BytesIO(body)), name).to_batches()


def _plays(table: pa.Table, name: str) -> pa.Table:
    if set(_LAKE) <= set(table.column_names):
        known = table.select(_LAKE).filter(pc.is_valid(table["track_id"]))
        worth = pc.if_else(known["skip"], -1.0, 1.0)
        columns = [
            known["listener"],
            known["track_id"],
            known["listened_at"],
            worth,
            known["song"],
            known["accepted_at"],
        ]
    elif set(_NEEDED) <= set(table.column_names):
        known = table.filter(pc.is_valid(table["track"]))
        nothing = pa.nulls(len(known), pa.int64())
        columns = [
            known["listener"].cast(pa.string()),
            known["track"].cast(pa.string()),
            known["time"].cast(pa.int64())
            if "time" in known.column_names
            else pa.array(np.zeros(len(known), np.int64)),
            known["weight"].cast(pa.float64()) if "weight" in known.column_names else pa.array(np.ones(len(known))),
            nothing,
            nothing,
        ]
    else:
        raise InvalidInput(
            f"{name} has columns {', '.join(table.column_names)}",
            hint="Give files of the lake, or Parquet with columns listener, track and, if known, time and weight.",
        )
    return pa.table(columns, names=[column.split()[0] for column in PLAYS.split(", ")])
