"""The index bucket: immutable objects, and pointers that move only from the version that the mover has seen."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from earshot.errors import DamagedIndex, IndexRace
from earshot.index.formats import manifest_from_bytes, manifest_of_version, manifest_to_bytes
from earshot.index.manifest import Manifest, StoredObject, manifest_key
from earshot.index.pointer import POINTER_KEY, Pointer
from earshot.stores.s3 import ABSENT, REPLACED, code_of, get_object

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import GetObjectRequestTypeDef, PutObjectRequestTypeDef

_CHUNK = 1 << 20
_IN_PARTS_FROM = 64 << 20
_LOST_RACE = ABSENT | REPLACED | {"ConditionalRequestConflict", "409"}
_UNCHANGED = frozenset({"NotModified", "304"})
_DELETE_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Head:
    """A pointer as read from `key`, with the ETag that whoever moves it must present, and when it was moved last."""

    key: str
    pointer: Pointer
    etag: str
    modified: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """An object in the bucket."""

    key: str
    size: int
    modified: datetime


class IndexStore:
    """Reads and writes the index bucket.

    Args:
        client: a boto3 S3 client.
        bucket: the bucket's name.
    """

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def head(self, key: str = POINTER_KEY) -> Head | None:
        """The pointer at `key`, or None when nothing was published there.

        Raises:
            DamagedIndex: what is there is no pointer.
        """
        return self._head({"Bucket": self._bucket, "Key": key})

    def head_if_changed(self, seen: Head) -> Head | None:
        """The pointer, or None when it is still the one `seen` (or gone)."""
        return self._head({"Bucket": self._bucket, "Key": seen.key, "IfNoneMatch": seen.etag})

    def _head(self, request: "GetObjectRequestTypeDef") -> Head | None:
        try:
            answer = self._client.get_object(**request)
        except ClientError as error:
            if code_of(error) in ABSENT | _UNCHANGED:
                return None
            raise
        with closing(answer["Body"]) as body:
            return Head(request["Key"], Pointer.from_bytes(body.read()), answer["ETag"], answer["LastModified"])

    def unreadable_head(self, key: str = POINTER_KEY) -> Head | None:
        """What is at `key` though it is no pointer, for a repair that replaces it; it names no version."""
        try:
            answer = self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if code_of(error) in ABSENT:
                return None
            raise
        return Head(key, Pointer("", "", "", StoredObject.of(b"")), answer["ETag"], answer["LastModified"])

    def move(self, pointer: Pointer, *, key: str = POINTER_KEY, seen: str | None) -> None:
        """Make `pointer` the content of `key`, provided that its ETag still is the one `seen` (None: no object).

        Raises:
            IndexRace: somebody else moved it first.
        """
        request: PutObjectRequestTypeDef = {
            "Bucket": self._bucket,
            "Key": key,
            "Body": pointer.to_bytes(),
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
                raise IndexRace(f"{key} moved while version {pointer.version} was built") from None
            raise

    def manifest(self, pointer: Pointer) -> Manifest:
        """The manifest that `pointer` names.

        Raises:
            DamagedIndex: missing, or not what the pointer promises.
        """
        manifest = manifest_from_bytes(self.read(pointer.manifest_key, pointer.manifest))
        if (manifest.version, manifest.model, manifest.recipe) != (pointer.version, pointer.model, pointer.recipe):
            raise DamagedIndex(
                f"the pointer names version {pointer.version} of {pointer.model} by {pointer.recipe}, "
                f"its manifest is {manifest.version} of {manifest.model} by {manifest.recipe}"
            )
        return manifest

    def manifests(self) -> Iterator[Listed]:
        """Every stored manifest."""
        return self.list("manifests/")

    def put_manifest(self, manifest: Manifest) -> Pointer:
        """Store a named manifest; returns the pointer to it."""
        stored = self.put(manifest_key(manifest.version), manifest_to_bytes(manifest))
        return Pointer(manifest.version, manifest.model, manifest.recipe, stored)

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

    def old_manifest(self, version: str) -> Manifest | None:
        """The manifest of a version that no pointer names any more; None when it is gone.

        Raises:
            DamagedIndex: it is not what its name says.
        """
        answer = get_object(self._client, self._bucket, manifest_key(version))
        if answer is None:
            return None
        with closing(answer["Body"]) as body:
            return manifest_of_version(body.read(), version)

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
