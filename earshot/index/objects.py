"""What a bucket of versions keeps: objects that never change, and a few that move only from what their mover saw."""

import hashlib
import io
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from botocore.exceptions import ClientError

from earshot.errors import DamagedIndex, IndexRace
from earshot.index.manifest import StoredObject
from earshot.stores.s3 import ABSENT, REPLACED, code_of, get_object

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import GetObjectRequestTypeDef, PutObjectRequestTypeDef

_CHUNK = 1 << 20
_IN_PARTS_FROM = 64 << 20
_LOST_RACE = ABSENT | REPLACED | {"ConditionalRequestConflict", "409"}
_UNCHANGED = frozenset({"NotModified", "304"})
_BEYOND_THE_END = frozenset({"InvalidRange", "416"})
_DELETE_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Seen:
    """An object that moves as it was read, with the ETag that whoever moves it must present, and when it last moved."""

    body: bytes
    etag: str
    modified: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """An object in the bucket."""

    key: str
    size: int
    modified: datetime


class ObjectStore:
    """Reads and writes a bucket of versions.

    Args:
        client: a boto3 S3 client.
        bucket: the bucket's name.
    """

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def see(self, key: str, *, unless: str | None = None) -> Seen | None:
        """The object at `key`; None when there is none, or when its ETag still is the one in `unless`."""
        request: GetObjectRequestTypeDef = {"Bucket": self._bucket, "Key": key}
        if unless:
            request["IfNoneMatch"] = unless
        try:
            answer = self._client.get_object(**request)
        except ClientError as error:
            if code_of(error) in ABSENT | _UNCHANGED:
                return None
            raise
        with closing(answer["Body"]) as body:
            return Seen(body.read(), answer["ETag"], answer["LastModified"])

    def replace(self, key: str, body: bytes, *, seen: str | None) -> None:
        """Make the JSON `body` the content of `key`, provided that its ETag still is the one `seen` (None: no object).

        Raises:
            IndexRace: somebody else moved it first.
        """
        request: PutObjectRequestTypeDef = {
            "Bucket": self._bucket,
            "Key": key,
            "Body": body,
            "ContentType": "application/json",
        }
        if seen:
            request["IfMatch"] = seen
        else:
            request["IfNoneMatch"] = "*"
        try:
            self._client.put_object(**request)
        except ClientError as error:
            if code_of(error) in _LOST_RACE:
                raise IndexRace(f"{key} was moved by somebody else meanwhile") from None
            raise

    def put(self, key: str, body: bytes) -> StoredObject:
        """Store `body` under `key`."""
        self._client.put_object(Bucket=self._bucket, Key=key, Body=body)
        return StoredObject.of(body)

    def upload(self, key: str, path: Path) -> None:
        """Store a file of any size; a large one in parts and threads, which cost a small one more than they save."""
        if path.stat().st_size > _IN_PARTS_FROM:
            self._client.upload_file(str(path), self._bucket, key)
            return
        with path.open("rb") as file:
            self._client.put_object(Bucket=self._bucket, Key=key, Body=file)

    def read(self, key: str, expected: StoredObject) -> bytes:
        """The object, checked against `expected`.

        Raises:
            DamagedIndex: missing, or size or hash differ.
        """
        return b"".join(self._chunks(key, expected))

    def check(self, key: str, expected: StoredObject) -> None:
        """Read the object, whatever its size, and keep nothing of it.

        Raises:
            DamagedIndex: missing, or size or hash differ.
        """
        for _ in self._chunks(key, expected):
            pass

    def download(self, key: str, expected: StoredObject, to: Path) -> None:
        """Write the object to the file `to`, checked against `expected`.

        Raises:
            DamagedIndex: missing, or size or hash differ; `to` is then not to be used.
        """
        with to.open("wb") as file:
            for chunk in self._chunks(key, expected):
                file.write(chunk)

    def _chunks(self, key: str, expected: StoredObject) -> Iterator[bytes]:
        answer = get_object(self._client, self._bucket, key)
        if answer is None:
            raise DamagedIndex(f"index object {key} is missing")
        with closing(answer["Body"]) as body:
            if answer["ContentLength"] != expected.size:
                raise DamagedIndex(f"{key} has {answer['ContentLength']} bytes instead of {expected.size}")
            digest = hashlib.sha256()
            for chunk in body.iter_chunks(_CHUNK):
                digest.update(chunk)
                yield chunk
        if digest.hexdigest() != expected.sha256:
            raise DamagedIndex(f"{key} has SHA-256 {digest.hexdigest()} instead of {expected.sha256}")

    def read_range(self, key: str, start: int, stop: int) -> bytes:
        """The bytes from `start` to before `stop`, whatever they are.

        Raises:
            DamagedIndex: there are not so many.
        """
        body = io.BytesIO()
        self.copy_range(key, start, stop, body)
        return body.getvalue()

    def copy_range(self, key: str, start: int, stop: int, to: BinaryIO) -> None:
        """Write the bytes from `start` to before `stop`, whatever they are, to a file.

        Raises:
            DamagedIndex: there are not so many.
        """
        if start >= stop:
            return
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key, Range=f"bytes={start}-{stop - 1}")
        except ClientError as error:
            if code_of(error) in ABSENT | _BEYOND_THE_END:
                raise DamagedIndex(f"index object {key} is missing or too short") from None
            raise
        with closing(answer["Body"]) as body:
            if answer["ContentLength"] != stop - start:
                raise DamagedIndex(f"{key} ends before byte {stop}")
            for chunk in body.iter_chunks(_CHUNK):
                to.write(chunk)

    def list(self, prefix: str) -> Iterator[Listed]:
        """Objects whose key starts with `prefix`."""
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            for entry in page.get("Contents", ()):
                yield Listed(entry["Key"], entry["Size"], entry["LastModified"])

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects. Only the garbage collector has reason to.

        Raises:
            ClientError: S3 refused some of them; it says so in an answer that is otherwise a success.
        """
        waiting = list(keys)
        for start in range(0, len(waiting), _DELETE_LIMIT):
            batch = waiting[start : start + _DELETE_LIMIT]
            answer = self._client.delete_objects(
                Bucket=self._bucket, Delete={"Objects": [{"Key": key} for key in batch], "Quiet": True}
            )
            if refused := answer.get("Errors"):
                raise ClientError({"Error": {"Code": "BatchFailed", "Message": str(refused[0])}}, "DeleteObjects")
