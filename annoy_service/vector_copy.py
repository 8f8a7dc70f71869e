"""Keeps a copy of the index version that serves in Amazon S3 Vectors, at the cost of what has changed (docs/adr/0038).

A version follows another in the same index of S3 Vectors as long as their vectors can be compared: what is new or
changed is put, what is gone is deleted. A version whose vectors another transform made is put into an index of its own,
which serves once it holds all of it and has passed its gate. What is under way is noted before it begins, and what is
done after each few requests; so this may die at any line and be run again.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Self

import numpy as np

from annoy_service.vector_gate import checked_recall
from earshot.clock import age_of, now_iso
from earshot.errors import IndexRace, NoIndexYet
from earshot.ids import TrackId
from earshot.index.cache import SegmentCache
from earshot.index.directory import Directory, changed_between
from earshot.index.manifest import Manifest
from earshot.index.s3_vectors.record import RECORD_KEY, Claim, Record, Serving, Writing
from earshot.index.s3_vectors.service import (
    MOST_TEXT,
    PUT_AT_ONCE,
    Carrying,
    VectorIndex,
    VectorsClient,
    indexes_in,
)
from earshot.index.segment import StoredSegment
from earshot.index.store import IndexStore
from earshot.telemetry import logger

PREFIX = "earshot-"
"""Of the indexes in the vector bucket that are ours."""
_REQUESTS_AT_ONCE = 5
_WAVE = _REQUESTS_AT_ONCE * PUT_AT_ONCE
"""Tracks between two notes: as many as the service takes in a second."""
_CLAIM_ENDS = timedelta(minutes=10)
"""Longer than a wave can take with all its retries."""
_READERS_LEAVE = timedelta(hours=1)
"""After which nobody asks an index that another one has replaced."""

_log = logger()


@dataclass(frozen=True, slots=True)
class Place:
    """Where versions are and where their copy goes.

    `cache`: of the versions' segments, of nobody else. `vector_bucket`: exists; its indexes `earshot-*` are ours.
    """

    store: IndexStore
    cache: SegmentCache
    client: VectorsClient
    vector_bucket: str

    def index(self, name: str) -> VectorIndex:
        """An index of the vector bucket."""
        return VectorIndex(self.client, self.vector_bucket, name)


@dataclass(frozen=True, slots=True)
class Copied:
    """What has become of the copy. `left_out`: tracks whose rows are too long for the service."""

    version: str
    tracks: int
    recall: float
    put: int = 0
    deleted: int = 0
    left_out: int = 0

    def plus(self, more: "Copied") -> Self:
        """With what was done after it."""
        return replace(
            self,
            put=self.put + more.put,
            deleted=self.deleted + more.deleted,
            left_out=self.left_out + more.left_out,
        )


def copy_version(place: Place) -> Copied:
    """Make the copy hold the version that serves, and let readers use it.

    Raises:
        NoIndexYet: nothing has been published.
        IndexRace: somebody else is writing to the copy.
        RecallTooLow: the service finds too few of the true neighbours; what served goes on serving.
        IndexUnavailable, IndexRefused: see `earshot.index.s3_vectors.service`. Run it again: what is done stays done.
        DamagedIndex: the version that serves cannot be read.
    """
    head = place.store.head()
    if head is None:
        raise NoIndexYet("no index version has been published", hint="Index something first.")
    newest = place.store.manifest(head.pointer)
    total = Copied(newest.version, newest.tracks, 1.0)
    with _claimed(place.store) as note:
        for _ in range(2):  # what was under way, and then what serves now
            if not _can_go_on(place, note.record.writing) and not _begin(place, note, newest):
                break
            total = total.plus(_carry_out(place, note))
        _tidy(place, note.record)
    place.cache.keep_only(entry.id for entry in newest.segments)
    serving = note.record.serving
    assert serving is not None  # noqa: S101 (it was carried out, or had been)
    return replace(total, version=serving.version, recall=serving.recall)


class _Note:
    """The record as this writer has written it last."""

    def __init__(self, store: IndexStore, record: Record, etag: str | None) -> None:
        self._store = store
        self._etag = etag
        self.record = record

    def write(self, record: Record) -> None:
        """Make it say `record`, and when that was said.

        Raises:
            IndexRace: another writer has written to it meanwhile.
        """
        record = replace(record, claim=replace(record.claim, at=now_iso()) if record.claim else None)
        self._store.replace(RECORD_KEY, record.to_bytes(), seen=self._etag)
        written = self._store.see(RECORD_KEY)
        if written is None or written.body != record.to_bytes():
            raise IndexRace(f"{RECORD_KEY} was moved by somebody else meanwhile")
        self.record, self._etag = record, written.etag


@contextmanager
def _claimed(store: IndexStore) -> Iterator[_Note]:
    """The record, which nobody else writes to within the block: requests that are still on their way when a later
    writer begins could undo what it does."""
    seen = store.see(RECORD_KEY)
    record = Record.from_bytes(seen.body) if seen else Record()
    if record.claim and age_of(record.claim.at) < _CLAIM_ENDS:
        raise IndexRace(
            f"somebody has been writing to the copy in S3 Vectors since {record.claim.at}",
            hint=f"Wait until that is done; after a kill, {_CLAIM_ENDS.seconds // 60} minutes.",
        )
    note = _Note(store, record, seen.etag if seen else None)
    note.write(replace(record, claim=Claim(secrets.token_hex(8), now_iso())))
    try:
        yield note
    finally:
        note.write(replace(note.record, claim=None))


def _can_go_on(place: Place, writing: Writing | None) -> bool:
    """Whether there is something under way whose versions are still there."""
    if writing is None:
        return False
    needed = filter(None, (writing.held, writing.toward))
    if all(place.store.old_manifest(version) for version in needed):
        return True
    _log.warning("a copy was left for too long; another one is begun", was=writing.toward)
    return False


def _begin(place: Place, note: _Note, newest: Manifest) -> bool:
    """Note that the copy is to hold `newest`; False: it does."""
    serving, left = note.record.serving, note.record.writing
    is_whole = serving is not None and not (left and left.index == serving.index)
    if serving and is_whole and serving.version == newest.version:
        return False
    before = place.store.old_manifest(serving.version) if serving and is_whole else None
    if serving and before and (before.transform, before.dim) == (newest.transform, newest.dim):
        writing = Writing(serving.index, before.version, newest.version)
    else:
        name = f"{PREFIX}{newest.version.lower()}"
        writing = Writing(f"{name}-again" if serving and serving.index == name else name, "", newest.version)
        place.index(writing.index).drop()  # of a record that was lost: nobody knows what it holds
    note.write(replace(note.record, writing=writing))
    return True


def _carry_out(place: Place, note: _Note) -> Copied:
    """Do what is noted, from where it was left; then let readers use it."""
    writing, serving = note.record.writing, note.record.serving
    assert writing is not None  # noqa: S101
    toward = place.store.old_manifest(writing.toward)
    before = place.store.old_manifest(writing.held) if writing.held else None
    assert toward is not None  # noqa: S101
    index = place.index(writing.index)
    if before is None:
        index.create(toward.dim)
    work, done = _work(place.cache, before, toward), Copied(toward.version, toward.tracks, 1.0)
    for start in range(writing.done, len(work), _WAVE):
        done = done.plus(_put_right(index, place.cache, toward, work[start : start + _WAVE]))
        writing = replace(writing, done=min(start + _WAVE, len(work)))
        note.write(replace(note.record, writing=writing))
    if before is not None and serving is not None:
        serving = replace(serving, version=toward.version)
    else:
        serving = Serving(index.name, toward.version, checked_recall(index, place.cache, toward), now_iso())
    note.write(replace(note.record, serving=serving, writing=None))
    _log.info("copied to S3 Vectors", version=toward.version, put=done.put, deleted=done.deleted)
    return done


def _work(cache: SegmentCache, before: Manifest | None, toward: Manifest) -> Sequence[TrackId]:
    """Tracks that the copy may hold differently, always in the same order."""
    nothing = replace(toward, segments=())
    return changed_between(cache, before or nothing, toward)


def _put_right(index: VectorIndex, cache: SegmentCache, toward: Manifest, track_ids: Sequence[TrackId]) -> Copied:
    """Make the copy hold of these tracks what `toward` holds; several requests at a time."""
    located = Directory(cache, toward).locate(track_ids)
    fitting: list[Carrying] = []
    too_long: list[str] = []
    for number, entry in enumerate(toward.segments):
        rows = sorted(place.row for place in located.values() if place.segment == number)
        if rows:
            for one in _rows(StoredSegment(cache, entry, dim=toward.dim), rows):
                (fitting.append(one) if len(one.text.encode()) < MOST_TEXT else too_long.append(one.key))
    for key in too_long:
        _log.error("a track has more to show than S3 Vectors takes; it is left out", correlation_id=key)
    gone = [*(track_id for track_id in track_ids if track_id not in located), *too_long]
    puts = [fitting[start : start + PUT_AT_ONCE] for start in range(0, len(fitting), PUT_AT_ONCE)]
    requests: list[Callable[[], None]] = [partial(index.put, part) for part in puts]
    if gone:
        requests.append(partial(index.delete, gone))
    with ThreadPoolExecutor(_REQUESTS_AT_ONCE) as pool:
        for answer in [pool.submit(request) for request in requests]:
            answer.result()
    return Copied(toward.version, 0, 0.0, len(fitting), len(gone) - len(too_long), len(too_long))


def _rows(segment: StoredSegment, rows: Sequence[int]) -> Iterator[Carrying]:
    for row in rows:
        yield Carrying(segment.track_id(row), np.array(segment.vectors[row]), segment.line(row).decode())


def _tidy(place: Place, record: Record) -> None:
    """Remove indexes that no reader asks any more."""
    if record.serving is None or age_of(record.serving.since) < _READERS_LEAVE:
        return
    needed = {record.serving.index, record.writing.index if record.writing else ""}
    for name in list(indexes_in(place.client, place.vector_bucket, PREFIX)):
        if name not in needed:
            place.index(name).drop()
            _log.info("removed an index of S3 Vectors that nobody asks any more", index=name)
