"""The plays bucket: all plays ever taken in, in Parquet files by the day on which they were played.

Objects are immutable. What is under a day may hold a play twice, until `listening` merges the day's objects into one.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from earshot.stores.s3 import get_object

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_PREFIX = "plays/"
_KEY = re.compile(rf"{_PREFIX}day=([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})/([0-9a-z-]{{1,80}})\.parquet")


@dataclass(frozen=True, slots=True)
class LakeObject:
    """An object of the lake: plays of one day."""

    day: date
    name: str
    size: int
    modified: datetime

    @property
    def key(self) -> str:
        """Its S3 key."""
        return lake_key(self.day, self.name)


def lake_key(day: date, name: str) -> str:
    """S3 key of the object `name` with plays of `day`: Spark, Athena and DuckDB read the day from it."""
    return f"{_PREFIX}day={day.isoformat()}/{name}.parquet"


class PlaysLake:
    """Puts, lists, reads and removes objects of plays.

    Args:
        client: a boto3 S3 client.
        name: the bucket's name.
    """

    def __init__(self, client: "S3Client", name: str) -> None:
        self._client = client
        self._name = name

    def put(self, day: date, name: str, body: bytes) -> None:
        """Store plays of a day (Parquet). The same name is the same content: a repeat changes nothing."""
        self._client.put_object(Bucket=self._name, Key=lake_key(day, name), Body=body)

    def objects(self, day: date | None = None) -> Iterator[LakeObject]:
        """Every object, of one day or of all, in the order of days."""
        prefix = f"{_PREFIX}day={day.isoformat()}/" if day else _PREFIX
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=prefix):
            for entry in page.get("Contents", ()):
                if match := _KEY.fullmatch(entry["Key"]):
                    yield LakeObject(date.fromisoformat(match[1]), match[2], entry["Size"], entry["LastModified"])

    def read(self, found: LakeObject) -> bytes | None:
        """Its content, or None when it is gone."""
        answer = get_object(self._client, self._name, found.key)
        if answer is None:
            return None
        with closing(answer["Body"]) as body:
            return body.read()

    def delete(self, objects: Iterable[LakeObject]) -> None:
        """Remove objects."""
        for found in objects:
            self._client.delete_object(Bucket=self._name, Key=found.key)
