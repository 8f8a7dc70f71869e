"""The plays bucket: all plays ever taken in, in Parquet files by the day on which they were played.

Objects are immutable. Each batch of plays adds *parts*, and what is under a day may then hold a play twice, until
`listening` merges all of it into *wholes*, each with the plays of a range of listeners. An object's name tells its
range (the first four digits of listeners, which are as good as random), so that who looks for one reads few objects.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from earshot.clock import day_named
from earshot.plays import ListenerId
from earshot.stores.s3 import get_object

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_PREFIX = "plays/"
_KEY = re.compile(
    rf"{_PREFIX}day=([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})/((?:whole|part)-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{16}})\.parquet"
)
_RANGE_DIGITS = 4
_WHOLE, _PART = "whole", "part"


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

    @property
    def is_whole(self) -> bool:
        """Whether it holds no play twice, and its part of the day was merged."""
        return self.name.startswith(_WHOLE)

    @property
    def listeners(self) -> tuple[str, str]:
        """Where the range of its listeners begins and ends, both within it."""
        _, first, last, _ = self.name.split("-")
        return first, last

    def may_hold(self, listener: ListenerId) -> bool:
        """Whether plays of the listener can be in it."""
        first, last = self.listeners
        return first <= listener[:_RANGE_DIGITS] <= last


def are_merged(objects: Iterable[LakeObject]) -> bool:
    """Whether these objects of one day hold no play twice: wholes whose ranges are apart."""
    ordered = sorted(objects, key=lambda found: found.listeners)
    apart = all(one.listeners[1] < other.listeners[0] for one, other in pairwise(ordered))
    return apart and all(found.is_whole for found in ordered)


def digest(objects: Iterable[LakeObject]) -> str:
    """Of which objects these are: another one where anything was added, merged or removed."""
    keys = "\n".join(sorted(found.key for found in objects))
    return hashlib.sha256(keys.encode()).hexdigest()[:16]


def part_name(listeners: Collection[ListenerId], body: bytes) -> str:
    """The name of an object that adds plays of these listeners: the same for the same content."""
    return _name(_PART, listeners, body)


def whole_name(listeners: Collection[ListenerId], body: bytes) -> str:
    """The name of an object into which others were merged."""
    return _name(_WHOLE, listeners, body)


def _name(kind: str, listeners: Collection[ListenerId], body: bytes) -> str:
    ends = min(listeners)[:_RANGE_DIGITS], max(listeners)[:_RANGE_DIGITS]
    return "-".join((kind, *ends, hashlib.sha256(body).hexdigest()[:16]))


def lake_key(day: date, name: str) -> str:
    """S3 key of the object `name` with plays of `day`: Spark, Athena and DuckDB read the day from it."""
    return f"{_PREFIX}day={day}/{name}.parquet"


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
        prefix = f"{_PREFIX}day={day}/" if day else _PREFIX
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=prefix):
            for entry in page.get("Contents", ()):
                if match := _KEY.fullmatch(entry["Key"]):
                    yield LakeObject(day_named(match[1]), match[2], entry["Size"], entry["LastModified"])

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
