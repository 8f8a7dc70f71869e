"""The covers bucket: pictures of albums, small and large, each under a name that is made of the picture itself.

An album's twelve tracks therefore share one, and what is under a name never changes. There is such a bucket only where
there are own files and media servers: on one machine.
"""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from earshot.clock import Timestamp, iso
from earshot.covers import DIGITS, MEDIA_TYPE, SIZES
from earshot.stores.s3 import ABSENT, code_of, get_object

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_PREFIX = "covers/"
_KEY = re.compile(rf"{_PREFIX}([0-9a-f]{{{DIGITS}}})/{SIZES[-1]}\.jpg")


class CoversBucket:
    """Puts, reads and removes covers.

    Args:
        client: a boto3 S3 client.
        name: the bucket's name.
    """

    def __init__(self, client: "S3Client", name: str) -> None:
        self._client = client
        self._name = name

    def put(self, cover: str, drawn: Mapping[int, bytes]) -> None:
        """Store the pictures of a cover by their sizes; the largest goes last and says that all are there."""
        for size in SIZES:
            key = _key(cover, size)
            self._client.put_object(Bucket=self._name, Key=key, Body=drawn[size], ContentType=MEDIA_TYPE)

    def get(self, cover: str, size: int) -> bytes | None:
        """The picture of one of `SIZES`, or None when there is no such cover."""
        answer = get_object(self._client, self._name, _key(cover, size))
        if answer is None:
            return None
        with answer["Body"] as body:
            return body.read()

    def exists(self, cover: str) -> bool:
        """Whether it is there in all sizes."""
        try:
            self._client.head_object(Bucket=self._name, Key=_key(cover, SIZES[-1]))
        except ClientError as error:
            if code_of(error) in ABSENT:
                return False
            raise
        return True

    def held(self) -> Iterator[tuple[str, Timestamp]]:
        """Every cover, with the time when it was put there."""
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=_PREFIX):
            for entry in page.get("Contents", ()):
                if match := _KEY.fullmatch(entry["Key"]):
                    yield match[1], iso(entry["LastModified"])

    def delete(self, cover: str) -> None:
        """Remove it. The largest goes first: what is cut short is put anew when it is needed."""
        for size in reversed(SIZES):
            self._client.delete_object(Bucket=self._name, Key=_key(cover, size))


def _key(cover: str, size: int) -> str:
    return f"{_PREFIX}{cover}/{size}.jpg"
