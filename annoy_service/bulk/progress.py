"""What a build has done so far, in the index bucket below `builds/`: whoever starts it again goes on from there.

The garbage collector keeps what an unfinished build has written as long as it goes on (`annoy_service.garbage`).
"""

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from annoy_service.bulk.plan import Plan
from annoy_service.garbage import BUILDS, GRACE
from annoy_service.parts import Common
from annoy_service.recall import Survey
from earshot import clock
from earshot.index.formats import manifest_from_bytes, manifest_to_bytes
from earshot.index.manifest import Manifest, SegmentEntry, StoredObject
from earshot.index.store import IndexStore

_FRESH = GRACE / 2
"""An unfinished build that is older may lose its bases to the garbage collector at any time: it is begun anew."""


class Progress:
    """Of one build.

    Args:
        store: the index bucket.
        build: its id (`Inputs.build_id`).
    """

    def __init__(self, store: IndexStore, build: str) -> None:
        self._store = store
        self._prefix = f"{BUILDS}{build}/"
        self._began = datetime.min.replace(tzinfo=UTC)

    def begin(self) -> None:
        """Pass over what is too old to be gone on with. Nothing is deleted: whoever builds need not be allowed to."""
        written = [entry.modified for entry in self._store.list(self._prefix)]
        if written and max(written) < clock.now() - _FRESH:
            self._began = max(written) + timedelta(seconds=1)

    def published(self) -> str | None:
        """The version that came of the build, when it is done."""
        body = self._noted("published.json")
        return str(json.loads(body)["version"]) if body else None

    def note_published(self, version: str) -> None:
        """The build is done."""
        self._store.put(f"{self._prefix}published.json", json.dumps({"version": version}).encode())

    def plan(self) -> Plan | None:
        """What was planned."""
        body = self._noted("plan.json")
        return Plan.from_bytes(body) if body else None

    def note_plan(self, plan: Plan) -> None:
        """It is planned."""
        self._store.put(f"{self._prefix}plan.json", plan.to_bytes())

    def common(self) -> Common | None:
        """What the bases agree on."""
        body = self._noted("common.npz")
        return Common.from_bytes(body) if body else None

    def note_common(self, common: Common) -> None:
        """They agree."""
        self._store.put(f"{self._prefix}common.npz", common.to_bytes())

    def done(self) -> Mapping[int, str]:
        """The bases that are in the bucket, by number, with the keys of their records."""
        listed = self._store.list(f"{self._prefix}bases/")
        keys = [entry.key for entry in listed if entry.modified >= self._began]
        return {int(key.rsplit("/", 2)[1]): key for key in keys}

    def base(self, key: str) -> tuple[SegmentEntry | None, Survey]:
        """What the record `key` says: the base, or None where nothing was left for it."""
        found = self._store.see(key)
        if found is None:
            raise KeyError(key)
        with np.load(io.BytesIO(found.body), allow_pickle=False) as arrays:
            segments = manifest_from_bytes(arrays["base"].tobytes()).segments
            return next(iter(segments), None), Survey(arrays["true"], arrays["found"])

    def note_base(self, number: int, base: SegmentEntry | None, survey: Survey, of: Manifest) -> None:
        """All files of a base are in the bucket. `of`: what its version will be called after."""
        record = io.BytesIO()
        body = manifest_to_bytes(replace(of, segments=(base,) if base else ()))
        np.savez(record, base=np.frombuffer(body, np.uint8), true=survey.true, found=survey.found)
        name = base.id if base else "nothing"
        self._store.put(f"{self._prefix}bases/{number}/{name}", record.getvalue())

    def _noted(self, name: str) -> bytes | None:
        found = self._store.see(f"{self._prefix}{name}")
        return found.body if found and found.modified >= self._began else None


def unnamed(recipe: str, model: str, common: Common) -> Manifest:
    """A version without segments, to keep entries of segments in."""
    transform = common.transform
    stored = StoredObject.of(transform.to_bytes())
    return Manifest(model, recipe, transform.raw_dim, transform.dim, (), stored, clock.now_iso())
