"""Where a job in bulk leaves its work: a folder, or a prefix of a bucket. Every part is there whole, or is not there.

A part has a name that says what is in it, so that whoever does the work again writes the same one.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

from earshot.errors import InvalidInput
from earshot.stores.s3 import get_object

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

S3 = "s3://"
_PARTIAL = ".partial-"


class Parts(Protocol):
    """Reads and writes parts by name; a name may hold ``/``."""

    def names(self, suffix: str = "") -> Iterator[str]:
        """Of all that are there and end so, in the order of their names."""

    def read(self, name: str) -> bytes | None:
        """What is in it; None: it is not there."""

    def write(self, name: str, body: bytes) -> None:
        """Put it there in one step, in place of what there was."""


def split_s3(url: str) -> tuple[str, str]:
    """Bucket and key of ``s3://bucket/key``."""
    bucket, _, key = url.removeprefix(S3).partition("/")
    return bucket, key


def parts_at(place: str, s3: Callable[[], "S3Client"]) -> Parts:
    """The parts at a path, a ``file://`` URL or ``s3://bucket/prefix``, for which alone a client is made.

    Raises:
        InvalidInput: it is none of these.
    """
    scheme = place.partition("://")[0].lower() if "://" in place else ""
    if place.startswith(S3):
        bucket, prefix = split_s3(place)
        if bucket:
            return BucketParts(s3(), bucket, prefix)
    elif scheme == "file":
        return FolderParts(Path(unquote(urlsplit(place).path)))
    elif place and not scheme:
        return FolderParts(Path(place))
    raise InvalidInput(f"{place!r} is no place for files", hint="Give a folder, or s3://bucket/prefix.")


class FolderParts:
    """Parts in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self, suffix: str = "") -> Iterator[str]:
        """See `Parts`. What begins with a dot is none."""
        for folder, below, files in os.walk(self._folder):
            below[:] = sorted(name for name in below if name[0] != ".")
            for name in sorted(files):
                if name[0] != "." and name.endswith(suffix):
                    yield (Path(folder) / name).relative_to(self._folder).as_posix()

    def read(self, name: str) -> bytes | None:
        """See `Parts`."""
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, body: bytes) -> None:
        """See `Parts`. On the disk when this returns."""
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.parent / f"{_PARTIAL}{secrets.token_hex(8)}"
        try:
            with partial.open("xb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


class BucketParts:
    """Parts below a prefix of a bucket."""

    def __init__(self, client: "S3Client", bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix.rstrip('/')}/" if prefix else ""

    def names(self, suffix: str = "") -> Iterator[str]:
        """See `Parts`."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        for page in pages:
            for entry in page.get("Contents", ()):
                if entry["Key"].endswith(suffix) and not entry["Key"].endswith("/"):
                    yield entry["Key"][len(self._prefix) :]

    def read(self, name: str) -> bytes | None:
        """See `Parts`."""
        answer = get_object(self._client, self._bucket, self._prefix + name)
        if answer is None:
            return None
        with answer["Body"] as body:
            return body.read()

    def write(self, name: str, body: bytes) -> None:
        """See `Parts`."""
        self._client.put_object(Bucket=self._bucket, Key=self._prefix + name, Body=body)
