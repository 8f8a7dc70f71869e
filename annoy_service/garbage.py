"""Removes what no version needs any more. Old versions stay readable for a day after they were replaced."""

from collections.abc import Collection
from datetime import datetime, timedelta

from earshot import clock
from earshot.index.manifest import Manifest, manifest_key, version_of_key
from earshot.index.objects import Listed
from earshot.index.pointer import GENERATIONS, POINTER_KEY, Pointer
from earshot.index.s3_vectors.record import RECORD_KEY, Record
from earshot.index.store import IndexStore
from earshot.telemetry import logger

GRACE = timedelta(days=1)
COPY_GRACE = timedelta(days=7)
"""A copy in S3 Vectors that nobody has written to for so long is begun anew, instead of the segments being kept that
tell what has changed since. What readers open it by is kept as long as the record is there."""
BUILDS = "builds/"
"""Records of builds in bulk: `builds/<build>/bases/<number>/<segment>` for each base that is in the bucket."""

_PREFIXES = ("segments/", "transforms/", "manifests/", BUILDS)

_log = logger()


def collect_garbage(store: IndexStore, *, now: datetime | None = None) -> int:
    """Delete objects older than a day that no live version names; returns how many.

    Live are the versions that a pointer names, those replaced within the last day, those written within the last day
    (their builder may be about to point at them), those that the copy in S3 Vectors is told from, and the bases of a
    build in bulk that has gone on within it. No key is ever written twice (segments and transforms carry the time of
    their making), so that nothing listed here as old can come back to life while it is being deleted.

    Raises:
        DamagedIndex: a live manifest cannot be read; nothing is deleted then.
    """
    cutoff = (now or clock.now()) - GRACE
    listed = {entry.key: entry for prefix in _PREFIXES for entry in store.list(prefix)}
    manifests = {key: entry for key, entry in listed.items() if key.startswith("manifests/")}
    kept: set[str] = set()
    for pointer in _pointers(store):
        for manifest in _versions(store, pointer, manifests, cutoff):
            kept |= manifest.object_keys() | {manifest_key(manifest.version)}
    for key, entry in manifests.items():
        if entry.modified >= cutoff and key not in kept and (unnamed := store.old_manifest(version_of_key(key))):
            kept |= unnamed.object_keys()
    kept |= _copied(store, (now or clock.now()) - COPY_GRACE)
    kept |= _under_way(listed.values(), cutoff)
    garbage = [key for key, entry in listed.items() if entry.modified < cutoff and key not in kept]
    store.delete(garbage)
    if garbage:
        _log.info("removed what no version needs", objects=len(garbage))
    return len(garbage)


def _copied(store: IndexStore, cutoff: datetime) -> set[str]:
    """Keys that the copy in S3 Vectors needs: to be opened, and, if it was written to since `cutoff`, to tell what has
    changed."""
    seen = store.see(RECORD_KEY)
    if seen is None:
        return set()
    record, kept = Record.from_bytes(seen.body), set[str]()
    for version in record.versions:
        if copied := store.old_manifest(version):
            if seen.modified >= cutoff:
                kept |= copied.object_keys() | {manifest_key(version)}
            elif record.serving and version == record.serving.version:
                kept |= {copied.transform_key, manifest_key(version)}
    return kept


def _under_way(listed: Collection[Listed], cutoff: datetime) -> set[str]:
    """Keys that builds in bulk need which have gone on since `cutoff`."""
    records = [entry.key for entry in listed if entry.key.startswith(BUILDS)]
    going_on = {
        _named_second(entry.key) for entry in listed if entry.key.startswith(BUILDS) and entry.modified >= cutoff
    }
    needed = {key for key in records if _named_second(key) in going_on}
    bases = {key.rpartition("/")[2] for key in needed if "/bases/" in key}
    return needed | {
        entry.key for entry in listed if entry.key.split("/")[0] == "segments" and _named_second(entry.key) in bases
    }


def _named_second(key: str) -> str:
    """The build or the segment that a key is of."""
    return key.split("/")[1]


def _pointers(store: IndexStore) -> list[Pointer]:
    """Generations first: one that goes into service meanwhile is then seen at one place or the other."""
    keys = [*(entry.key for entry in store.list(GENERATIONS)), POINTER_KEY]
    return [head.pointer for key in keys if (head := store.head(key))]


def _versions(store: IndexStore, pointer: Pointer, listed: dict[str, Listed], cutoff: datetime) -> list[Manifest]:
    """The version pointed at and, going back, each one that was replaced after `cutoff`."""
    versions = [store.manifest(pointer)]
    while previous := versions[-1].previous:
        written = listed.get(manifest_key(versions[-1].version))  # None: since then
        if written is not None and written.modified < cutoff:
            break
        manifest = store.old_manifest(previous)
        if manifest is None:
            break
        versions.append(manifest)
    return versions
