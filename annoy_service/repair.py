"""Makes table and index agree again, whatever happened. For `make repair` and for the local stack's reconcile at boot.

Four functions, each idempotent and safe while `index_tracks` runs, each for all recipes that are kept. `progress` is
called with the number of tracks looked at so far.

- `index_missing(services, progress)`: compares every track of the table with the index and folds the differences in.
  Costs one scan of the table. The everyday repair: lost stream records, expired iterators, a parked record mended.
- `rebuild_from_table(services, progress)`: a new base from nothing but the table, for a damaged index.
- `restore_table_from_index(services, progress)`: writes tracks that the table lacks back from the index's segments.
  For a table that was lost: a track deleted on purpose a moment ago would come back.
- `check_index(services, progress)`: reads every object of the index. Comparing with the table reads only ids and
  fingerprints: vectors, engines' files and titles may be damaged all the same.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from annoy_service.bases import rebuilt
from annoy_service.builder import Builder
from annoy_service.changes import wanted_of_items
from annoy_service.comparison import Comparison, in_use
from annoy_service.fold import ATTEMPTS, in_portions
from annoy_service.generations import settle
from annoy_service.index import Agreement, agree, announce
from annoy_service.pointers import Position, manifest_at, position, publish
from annoy_service.services import Services, in_turn
from annoy_service.sharding import owned
from annoy_service.version import Outcome
from earshot.clock import Timestamp
from earshot.errors import DamagedIndex, IndexRace
from earshot.ids import TrackId
from earshot.index.arrays import RowNumbers
from earshot.index.manifest import Manifest
from earshot.index.pointer import POINTER_KEY, generation_key
from earshot.index.row_sources import FreshRows, MergedRows, StoredRows
from earshot.index.rows import track_from_line
from earshot.index.store import IndexStore
from earshot.index.write import write_rows
from earshot.stores.tracks_table import TracksTable
from earshot.telemetry import logger
from earshot.track import Track

Progress = Callable[[int], None]

_log = logger()
_CHUNK = 1_000
_SPILL = 20_000


@dataclass(frozen=True, slots=True)
class Restored:
    """Tracks written back to the table, and tracks that it had."""

    restored: int
    present: int


def no_progress(_tracks: int) -> None:
    """For callers that show none."""


def index_missing(services: Services, progress: Progress = no_progress) -> Agreement:
    """Fold into the recipes' indexes whatever the table holds differently.

    Raises:
        DamagedIndex: a current version cannot be read; use `rebuild_from_table`.
        IndexRace: other builders kept moving a pointer.
    """
    settle(services)
    comparison = Comparison(services)
    differing: list[TrackId] = []
    seen: set[TrackId] = set()
    unreadable: dict[TrackId, str] = {}
    for found in comparison.differing(services.table.scan_items()):
        differing += found.tracks
        unreadable |= found.unreadable
        seen.update(found.looked_at)
        progress(len(seen))
    differing += sorted({track_id for track_id in comparison.indexed() if track_id not in seen})
    added = removed = 0
    for chunk in in_portions(differing):
        agreement = agree(chunk, services)
        added, removed = added + agreement.added, removed + agreement.removed
        unreadable |= agreement.unreadable
    return Agreement(added, removed, unreadable)


def rebuild_from_table(services: Services, progress: Progress = no_progress) -> Agreement:
    """Publish versions made of nothing but the table's tracks; what is in the index bucket is not read.

    Whatever changes meanwhile is found by comparing table and index at the end: the table is scanned twice.

    Raises:
        IndexRace: other builders kept moving a pointer.
        RecallTooLow: the promotion gate stayed shut.
    """
    unreadable: dict[TrackId, str] = {}
    with tempfile.TemporaryDirectory(dir=services.leading.work_dir) as folder:
        sources = list(_spill(services, Path(folder), progress, unreadable))
        rebuilt_tracks = in_turn(_serving_first(services), lambda builder: _rebuild(builder, sources, services))
    later = index_missing(services, progress)
    return Agreement(max(rebuilt_tracks) + later.added, later.removed, {**unreadable, **later.unreadable})


def restore_table_from_index(services: Services, progress: Progress = no_progress) -> Restored:
    """Write every track of the index that the table lacks, or holds without an embedding, into the table.

    During a change of networks that is the index in service first, and what the new one holds of it on top.

    Raises:
        DamagedIndex: a current version cannot be read, or a segment of it; the other segments were written then.
    """
    restored = present = 0
    damaged: DamagedIndex | None = None
    known = np.zeros(0, np.uint64)  # of most tracks another recipe's index holds the same
    for model, entry in ((used.model, entry) for used in in_use(services) for entry in used.segments):
        try:
            rows = StoredRows.living(services.leading.cache, entry)
            for track in _tracks_of(rows, np.flatnonzero(~np.isin(rows.fingerprints, known))):
                done = _restore(track, model, services.table)
                restored, present = restored + done, present + (not done)
                progress(restored + present)
            known = np.union1d(known, rows.fingerprints)
        except DamagedIndex as error:
            damaged = error
    if damaged:
        raise damaged
    return Restored(restored, present)


def check_index(services: Services, progress: Progress = no_progress) -> None:
    """Read all that the versions in use consist of.

    Raises:
        DamagedIndex: an object is missing, or not what its manifest says.
    """
    store, checked = services.leading.store, 0
    for manifest in in_use(services):
        store.check(manifest.transform_key, manifest.transform)
        for entry in manifest.segments:
            for name, expected in entry.objects.items():
                store.check(entry.key(name), expected)
            checked += entry.live
            progress(checked)


def _tracks_of(rows: StoredRows, which: RowNumbers) -> Iterator[Track]:
    for start in range(0, len(which), _CHUNK):
        some = which[start : start + _CHUNK]
        for line, (embedding, drift) in zip(rows.lines(some), rows.raw(some), strict=True):
            yield track_from_line(line, embedding.tobytes(), drift.tobytes())


def _restore(track: Track, model: str, table: TracksTable) -> bool:
    """Whether the table lacked it."""
    return table.store_embedding(
        track.info,
        embedding=track.embedding or b"",
        drift=track.drift or b"",
        tags=track.tags,
        model=model,
        preview_at=track.preview_at or Timestamp(""),
        provider=track.provider,
        version_of=track.version_of,
        descriptors=track.descriptors,
        learned=track.learned,
    )


def _spill(
    services: Services, folder: Path, progress: Progress, unreadable: dict[TrackId, str]
) -> Iterator[StoredRows]:
    """The table's rows, sorted and written to disk by the ten thousands: a million do not fit into memory."""
    network, done = services.network, 0
    for number, items in enumerate(in_portions(services.table.scan_items(), _SPILL)):
        wanted = wanted_of_items(items, network)
        unreadable |= wanted.unreadable
        fresh = FreshRows((row for row in wanted.rows.values() if row), network.dimensions)
        part = folder / str(number)
        part.mkdir()
        write_rows(part, MergedRows([fresh], network.dimensions))
        done += len(items)
        progress(done)
        yield StoredRows(part.joinpath, np.arange(len(fresh.ids)))


def _rebuild(builder: Builder, sources: Sequence[StoredRows], services: Services) -> int:
    """Publish a version by the builder's recipe that consists of `sources`; returns its number of tracks."""
    before = _readable(builder)
    if before is not None and before.shard is not None:
        sources = [owned(rows, before.shard) for rows in sources]
    manifest = rebuilt(builder, sources, time.perf_counter(), after=before)
    for _ in range(ATTEMPTS):
        now = _place(builder)
        try:
            published = publish(builder, manifest, now)
        except IndexRace:
            continue
        outcome = Outcome(published, published=True, added=published.tracks, serves=now.serves)
        _log.info("rebuilt from the table", extra=outcome.in_short())
        announce(outcome, services)
        return published.tracks
    raise IndexRace(f"the index moved {ATTEMPTS} times while a rebuilt version was to be published")


def _readable(builder: Builder) -> Manifest | None:
    """The version that there is, if it can be read."""
    try:
        return manifest_at(builder, position(builder))
    except DamagedIndex:
        return None


def _place(builder: Builder) -> Position:
    """The pointer that a rebuilt version is to replace, even where what is there cannot be read."""
    try:
        return position(builder)
    except DamagedIndex:
        key = generation_key(builder.recipe.name) if _serving(builder.store) else POINTER_KEY
        return Position(key, builder.store.unreadable_head(key))


def _serving_first(services: Services) -> list[Builder]:
    """The builders, first that of the recipe whose pointer readers follow, so that it finds its place there again."""
    try:
        head = services.leading.store.head()
    except DamagedIndex:
        return [*services.builders]
    return sorted(services.builders, key=lambda builder: not head or builder.recipe.name != head.pointer.recipe)


def _serving(store: IndexStore) -> Manifest | None:
    """The version that readers use, if it can be read."""
    try:
        head = store.head()
        return store.manifest(head.pointer) if head else None
    except DamagedIndex:
        return None
