"""Removes co-listening tables that nobody needs any more."""

from datetime import datetime, timedelta

from earshot import clock
from earshot.colistening.manifest import MANIFESTS, TABLES, WATCHED, Manifest, manifest_key
from earshot.colistening.store import ColisteningStore
from earshot.telemetry import logger

GRACE = timedelta(hours=1)
"""So long an object may be there before its manifest and its pointer are."""
MANIFESTS_STAY = timedelta(days=90)
"""Manifests are small, and say what was tried, on what, and how it did."""

_log = logger()


def collect_garbage(store: ColisteningStore, *, now: datetime | None = None) -> int:
    """Delete tables older than an hour of versions that neither serve, be it in a trial, nor did before the one that
    does; returns how many objects that were.

    Manifests of other versions, and how versions did later, stay for 90 days. No key is ever written twice, so that
    nothing listed here as old can come back to life while it is being deleted.

    Raises:
        DamagedIndex: the manifest of a live version cannot be read; nothing is deleted then.
    """
    moment = now or clock.now()
    listed = [
        entry for prefix in (TABLES, MANIFESTS, WATCHED) for entry in store.list(prefix)
    ]  # before the pointer is read: what it names then stays
    kept: set[str] = set()
    for manifest in _live(store):
        kept |= manifest.object_keys() | {manifest_key(manifest.version)}
    garbage = [
        entry.key
        for entry in listed
        if entry.key not in kept
        and entry.modified < moment - (GRACE if entry.key.startswith(TABLES) else MANIFESTS_STAY)
    ]
    store.delete(garbage)
    if garbage:
        _log.info("removed co-listening tables that nobody needs", objects=len(garbage))
    return len(garbage)


def _live(store: ColisteningStore) -> list[Manifest]:
    head, tried = store.head(), store.trial()
    pointer = tried.trial.pointer if tried and tried.trial.share else None
    trial = [store.manifest(pointer)] if pointer else []
    if head is None:
        return trial
    serving = store.manifest(head.pointer)
    before = store.old_manifest(serving.previous) if serving.previous else None
    return [*trial, serving, *([before] if before else [])]
