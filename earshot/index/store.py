"""The index bucket: versions, and pointers to them."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import ClientError

from earshot.errors import DamagedIndex, IndexRace
from earshot.index.formats import manifest_from_bytes, manifest_of_version, manifest_to_bytes
from earshot.index.manifest import Manifest, StoredObject, manifest_key
from earshot.index.objects import Listed, ObjectStore
from earshot.index.pointer import POINTER_KEY, Pointer
from earshot.stores.s3 import ABSENT, code_of, get_object


@dataclass(frozen=True, slots=True)
class Head:
    """A pointer as read from `key`, with the ETag that whoever moves it must present, and when it was moved last."""

    key: str
    pointer: Pointer
    etag: str
    modified: datetime


class IndexStore(ObjectStore):
    """Reads and writes the index bucket."""

    def head(self, key: str = POINTER_KEY) -> Head | None:
        """The pointer at `key`, or None when nothing was published there.

        Raises:
            DamagedIndex: what is there is no pointer.
        """
        return self._head(key, None)

    def head_if_changed(self, seen: Head) -> Head | None:
        """The pointer, or None when it is still the one `seen` (or gone)."""
        return self._head(seen.key, seen.etag)

    def _head(self, key: str, unless: str | None) -> Head | None:
        found = self.see(key, unless=unless)
        return Head(key, Pointer.from_bytes(found.body), found.etag, found.modified) if found else None

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
        try:
            self.replace(key, pointer.to_bytes(), seen=seen)
        except IndexRace:
            raise IndexRace(f"{key} moved while version {pointer.version} was built") from None

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
