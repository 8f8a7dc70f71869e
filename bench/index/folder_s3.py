"""An S3 client over a folder, for measurements of gigabytes: it counts the bytes read and costs next to nothing.

Only what `earshot.index.store` calls, with S3's semantics of conditions. Correctness is tested elsewhere, on moto.
"""

import hashlib
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


class _Body:
    def __init__(self, path: Path, start: int, size: int) -> None:
        self._file = path.open("rb")
        self._file.seek(start)
        self._left = size

    def read(self) -> bytes:
        return self._file.read(self._left)

    def iter_chunks(self, size: int) -> Iterator[bytes]:
        while self._left and (chunk := self._file.read(min(size, self._left))):
            self._left -= len(chunk)
            yield chunk

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> BinaryIO:
        return self._file

    def __exit__(self, *_: object) -> None:
        self.close()


class FolderS3:
    """`read` counts the bytes that were asked for, by key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.read: dict[str, int] = {}

    def as_client(self) -> "S3Client":
        """For those who want to be given a boto3 client."""
        return cast("S3Client", self)

    def get_object(
        self,
        *,
        Bucket: str,  # noqa: N803
        Key: str,  # noqa: N803
        IfNoneMatch: str | None = None,  # noqa: N803
        Range: str = "",  # noqa: N803
    ) -> dict[str, object]:
        """As boto3's."""
        path = self._existing(Bucket, Key)
        if IfNoneMatch == _etag(path):
            raise _error("304")
        start, size = 0, path.stat().st_size
        if Range:
            start, last = map(int, Range.removeprefix("bytes=").split("-"))
            size = min(size, last + 1) - start
        self.read[Key] = self.read.get(Key, 0) + size
        return {
            "Body": _Body(path, start, size),
            "ContentLength": size,
            "ETag": _etag(path),
            "LastModified": _modified(path),
        }

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, object]:  # noqa: N803
        """As boto3's."""
        path = self._existing(Bucket, Key)
        return {"ETag": _etag(path), "LastModified": _modified(path)}

    def put_object(
        self,
        *,
        Bucket: str,  # noqa: N803
        Key: str,  # noqa: N803
        Body: bytes | BinaryIO,  # noqa: N803
        IfMatch: str | None = None,  # noqa: N803
        IfNoneMatch: str | None = None,  # noqa: N803
        **_: object,
    ) -> None:
        """As boto3's."""
        path = self._folder / Bucket / Key
        if (IfNoneMatch and path.exists()) or (IfMatch and (not path.exists() or _etag(path) != IfMatch)):
            raise _error("PreconditionFailed")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(Body if isinstance(Body, bytes) else Body.read())

    def upload_file(self, name: str, bucket: str, key: str) -> None:
        """As boto3's."""
        path = self._folder / bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(name, path)

    def get_paginator(self, _operation: str) -> "FolderS3":
        """Of list_objects_v2, the only one that is used."""
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> Iterator[dict[str, object]]:  # noqa: N803
        """One page."""
        root = self._folder / Bucket
        found = [(path, path.relative_to(root).as_posix()) for path in root.rglob("*") if path.is_file()]
        yield {
            "Contents": [
                {"Key": key, "Size": path.stat().st_size, "LastModified": _modified(path)}
                for path, key in found
                if key.startswith(Prefix)
            ]
        }

    def delete_objects(self, *, Bucket: str, Delete: dict[str, list[dict[str, str]]]) -> None:  # noqa: N803
        """As boto3's."""
        for entry in Delete["Objects"]:
            (self._folder / Bucket / entry["Key"]).unlink(missing_ok=True)

    def _existing(self, bucket: str, key: str) -> Path:
        path = self._folder / bucket / key
        if not path.is_file():
            raise _error("NoSuchKey")
        return path


def _etag(path: Path) -> str:
    stat = path.stat()
    if stat.st_size > 1 << 20:
        return f"{stat.st_size}-{stat.st_mtime_ns}"
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "operation")
