"""Co-listening tables in the index bucket, and the pointer to the one that serves."""

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from earshot.colistening.manifest import POINTER_KEY, Manifest, Pointer, manifest_key
from earshot.colistening.trial import TRIAL_KEY, Trial
from earshot.errors import DamagedIndex
from earshot.index.objects import ObjectStore
from earshot.stores.s3 import get_object


@dataclass(frozen=True, slots=True)
class Head:
    """The pointer as read, with the ETag that whoever moves it must present, and when it was moved last."""

    pointer: Pointer
    etag: str
    modified: datetime


@dataclass(frozen=True, slots=True)
class TrialHead:
    """A trial as read, with the ETag that whoever changes it must present."""

    trial: Trial
    etag: str


class ColisteningStore(ObjectStore):
    """Reads and writes what lies under `listening/` in the index bucket."""

    def head(self, *, unless: Head | None = None) -> Head | None:
        """The pointer; None when nothing was published, or when it is still the one in `unless`.

        Raises:
            DamagedIndex: what is there is no pointer.
        """
        found = self.see(POINTER_KEY, unless=unless.etag if unless else None)
        return Head(Pointer.from_bytes(found.body), found.etag, found.modified) if found else None

    def move(self, pointer: Pointer, *, seen: Head | None) -> None:
        """Let the version that `pointer` names serve, provided that the one `seen` still does (None: none).

        Raises:
            IndexRace: somebody else moved it first.
        """
        self.replace(POINTER_KEY, pointer.to_bytes(), seen=seen.etag if seen else None)

    def manifest(self, pointer: Pointer) -> Manifest:
        """The manifest that `pointer` names.

        Raises:
            DamagedIndex: missing, or not what the pointer promises.
        """
        manifest = Manifest.from_bytes(self.read(manifest_key(pointer.version), pointer.manifest))
        if manifest.version != pointer.version:
            raise DamagedIndex(f"the pointer names version {pointer.version}, its manifest is {manifest.version}")
        return manifest

    def old_manifest(self, version: str) -> Manifest | None:
        """The manifest of a version that no pointer names; None when it is gone.

        Raises:
            DamagedIndex: it is not what its name says.
        """
        answer = get_object(self._client, self._bucket, manifest_key(version))
        if answer is None:
            return None
        with closing(answer["Body"]) as body:
            manifest = Manifest.from_bytes(body.read())
        if manifest.version != version:
            raise DamagedIndex(f"the manifest of version {version} is that of {manifest.version}")
        return manifest

    def put_manifest(self, manifest: Manifest) -> Pointer:
        """Store a named manifest; returns the pointer to it."""
        stored = self.put(manifest_key(manifest.version), manifest.to_bytes())
        return Pointer(manifest.version, manifest.training.model, stored)

    def trial(self, *, unless: TrialHead | None = None) -> TrialHead | None:
        """The last trial, over or not; None when there never was one, or when it is still the one in `unless`.

        Raises:
            DamagedIndex: what is there is no trial.
        """
        found = self.see(TRIAL_KEY, unless=unless.etag if unless else None)
        return TrialHead(Trial.from_bytes(found.body), found.etag) if found else None

    def put_trial(self, trial: Trial, *, seen: TrialHead | None) -> None:
        """Let `trial` be the one, provided that the one `seen` still is (None: none).

        Raises:
            IndexRace: somebody else changed it first.
        """
        self.replace(TRIAL_KEY, trial.to_bytes(), seen=seen.etag if seen else None)
