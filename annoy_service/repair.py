"""Makes table and index agree again, whatever happened. For `make repair` and for the local stack's reconcile at boot.

Four functions, each idempotent and safe while `index_tracks` runs. `services` is `annoy_service.bootstrap.services()`;
`progress` is called with the number of tracks looked at so far.

- `index_missing(services, progress)`: compares every track of the table with the index and folds the differences in.
  Costs one scan of the table. The everyday repair: lost stream records, expired iterators, a parked record mended.
- `rebuild_from_table(services, progress)`: a new base from nothing but the table, for a damaged index.
- `restore_table_from_index(services, progress)`: writes tracks that the table lacks back from the index's segments.
  For a table that was lost: a track deleted on purpose a moment ago would come back.
- `check_index(services, progress)`: reads every object of the index. Comparing with the table reads only ids and
  fingerprints: vectors, Annoy files and titles may be damaged all the same.
"""

import logging
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np

from annoy_service.bootstrap import Services
from annoy_service.build import write_rows
from annoy_service.changes import wanted_of_items
from annoy_service.directory import Directory
from annoy_service.fold import ATTEMPTS, Builder, Folded, Position, manifest_at, position, publish, rebuild
from annoy_service.index import Agreement, agree, announce
from annoy_service.rows import FreshRows, Merged, Source, StoredRows
from earshot.errors import DamagedIndex, IndexRace
from earshot.index.cache import SegmentCache
from earshot.index.manifest import POINTER_KEY, Manifest, SegmentEntry
from earshot.index.rows import track_from_line
from earshot.track import Track

Progress = Callable[[int], None]
_T = TypeVar("_T")

_CHUNK = 1_000
_FOLD = 5_000
"""Tracks folded at once: some 15 MB of vectors, and one version for readers to load."""
_SPILL = 20_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Restored:
    """Tracks written back to the table, and tracks that it had."""

    restored: int
    present: int


def no_progress(_tracks: int) -> None:
    """For callers that show none."""


def index_missing(services: Services, progress: Progress = no_progress) -> Agreement:
    """Fold into the index whatever the table holds differently.

    Raises:
        DamagedIndex: the current version cannot be read; use `rebuild_from_table`.
        IndexRace: other builders kept moving the pointer.
    """
    builder = services.builder
    directory = Directory(builder.cache, manifest_at(builder, position(builder)))
    differing: list[str] = []
    seen: list[bytes] = []
    unreadable: dict[str, str] = {}
    for items in _chunks(services.table.scan_items(), _CHUNK):
        wanted = wanted_of_items(items, builder.model)
        located = directory.locate(wanted.rows)
        for track_id, row in wanted.rows.items():
            place = located.get(track_id)
            if (place.fingerprint if place else None) != (row.fingerprint if row else None):
                differing.append(track_id)
        unreadable |= wanted.unreadable
        seen += [item["track_id"]["S"].encode() for item in items]
        progress(len(seen))
    indexed = [Directory(builder.cache, manifest).ids() for manifest in _in_use(services)]
    unknown = np.setdiff1d(np.concatenate([np.zeros(0, "S1"), *indexed]), np.array(seen or np.zeros(0, "S1")))
    differing += [track_id.decode() for track_id in unknown.tolist()]
    added = removed = 0
    for chunk in _chunks(iter(differing), _FOLD):
        agreement = agree(chunk, services)
        added, removed = added + agreement.added, removed + agreement.removed
        unreadable |= agreement.unreadable
    return Agreement(added, removed, unreadable)


def rebuild_from_table(services: Services, progress: Progress = no_progress) -> Agreement:
    """Publish a version made of nothing but the table's tracks; what is in the index bucket is not read.

    Whatever changes meanwhile is found by comparing table and index at the end: the table is scanned twice.

    Raises:
        IndexRace: other builders kept moving the pointer.
        RecallTooLow: the promotion gate stayed shut.
    """
    builder, started = services.builder, time.perf_counter()
    unreadable: dict[str, str] = {}
    with tempfile.TemporaryDirectory(dir=builder.work_dir) as folder:
        sources = list(_spill(services, Path(folder), progress, unreadable))
        manifest = rebuild(builder, sources, started)
    for _ in range(ATTEMPTS):
        now = _place(builder)
        try:
            published = publish(builder, manifest, now)
        except IndexRace:
            continue
        announce(Folded(published, published=True, added=published.tracks, serves=now.serves), services)
        later = index_missing(services, progress)
        return Agreement(published.tracks + later.added, later.removed, {**unreadable, **later.unreadable})
    raise IndexRace(f"the index moved {ATTEMPTS} times while a rebuilt version was to be published")


def restore_table_from_index(services: Services, progress: Progress = no_progress) -> Restored:
    """Write every track of the index that the table lacks, or holds without an embedding, into the table.

    During a change of models that is the index in service first, and what the new one holds of it on top.

    Raises:
        DamagedIndex: the current version cannot be read, or a segment of it; the other segments were written then.
    """
    restored = present = 0
    damaged: DamagedIndex | None = None
    for model, entry in ((used.model, entry) for used in _in_use(services) for entry in used.segments):
        try:
            for track in _tracks_of(services.builder.cache, entry):
                done = services.table.store_embedding(
                    track.info,
                    embedding=track.embedding or b"",
                    drift=track.drift or b"",
                    tags=track.tags,
                    model=model,
                    preview_at=track.preview_at or "",
                    provider=track.provider,
                    version_of=track.version_of,
                )
                restored, present = restored + done, present + (not done)
                progress(restored + present)
        except DamagedIndex as error:
            damaged = error
    if damaged:
        raise damaged
    return Restored(restored, present)


def _tracks_of(cache: SegmentCache, entry: SegmentEntry) -> Iterator[Track]:
    rows = StoredRows.living(cache, entry)
    for start in range(0, entry.live, _CHUNK):
        which = np.arange(start, min(start + _CHUNK, entry.live))
        for line, (embedding, drift) in zip(rows.lines(which), rows.raw(which), strict=True):
            yield track_from_line(line, embedding.tobytes(), drift.tobytes())


def check_index(services: Services, progress: Progress = no_progress) -> None:
    """Read all that the versions in use consist of.

    Raises:
        DamagedIndex: an object is missing, or not what its manifest says.
    """
    store, checked = services.builder.store, 0
    for manifest in _in_use(services):
        store.check(manifest.transform_key, manifest.transform)
        for entry in manifest.segments:
            for name, expected in entry.objects.items():
                store.check(entry.key(name), expected)
            checked += entry.live
            progress(checked)


def _spill(services: Services, folder: Path, progress: Progress, unreadable: dict[str, str]) -> Iterator[Source]:
    """The table's rows, sorted and written to disk by the ten thousands: a million do not fit into memory."""
    model, done = services.builder.model, 0
    for number, items in enumerate(_chunks(services.table.scan_items(), _SPILL)):
        wanted = wanted_of_items(items, model)
        unreadable |= wanted.unreadable
        fresh = FreshRows((row for row in wanted.rows.values() if row), model.raw_dim)
        part = folder / str(number)
        part.mkdir()
        write_rows(part, Merged([fresh], model.raw_dim))
        done += len(items)
        progress(done)
        yield StoredRows(part.joinpath, np.arange(len(fresh.ids)))


def _in_use(services: Services) -> list[Manifest]:
    """The version that readers use, and during a change of models the one that is being built beside it."""
    store = services.builder.store
    heads = (store.head(), position(services.builder).head)
    return [store.manifest(pointer) for pointer in dict.fromkeys(head.pointer for head in heads if head)]


def _place(builder: Builder) -> Position:
    """The pointer that a rebuilt version is to replace, even where what is there cannot be read."""
    try:
        return position(builder)
    except DamagedIndex:
        return Position(POINTER_KEY, builder.store.unreadable_head())


def _chunks(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
