"""Where each track stands in an index version."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from earshot.ids import TrackId
from earshot.index.arrays import Ids, RowNumbers, mapped
from earshot.index.cache import SegmentCache
from earshot.index.manifest import Manifest, SegmentEntry
from earshot.index.row_sources import FINGERPRINTS
from earshot.index.segment import IDS


def changed_between(cache: SegmentCache, before: Manifest, after: Manifest) -> list[TrackId]:
    """Tracks whose row in `after` is not the one in `before`: added, changed or removed. Costs what changed."""
    old = {entry.id: entry for entry in before.segments}
    new = {entry.id: entry for entry in after.segments}
    changed: set[bytes] = set()
    for segment_id in old.keys() | new.keys():
        was, is_now = old.get(segment_id), new.get(segment_id)
        entry = was or is_now
        if entry is None:
            continue
        rows = np.setxor1d(_living(was), _living(is_now))
        if rows.size:
            ids = mapped(cache.fetch(entry, IDS), np.bytes_)
            changed.update(ids[rows].tolist())
    return sorted(TrackId(track_id.decode()) for track_id in changed)


def _living(entry: SegmentEntry | None) -> RowNumbers:
    return np.delete(np.arange(entry.rows), entry.dead) if entry else np.zeros(0, np.intp)


@dataclass(frozen=True, slots=True)
class Location:
    """A living row: its segment's number in the manifest, its row, and the fingerprint of what it holds."""

    segment: int
    row: int
    fingerprint: int


class Directory:
    """The ids and fingerprints of a version's segments; costs a binary search per track and segment.

    Args:
        cache: where the segments' files come from.
        manifest: the version, or None for an index that does not exist yet.
    """

    def __init__(self, cache: SegmentCache, manifest: Manifest | None) -> None:
        self._cache = cache
        self._segments: Sequence[SegmentEntry] = manifest.segments if manifest else ()

    def locate(self, track_ids: Iterable[TrackId]) -> dict[TrackId, Location]:
        """The living rows of those of `track_ids` that are in the index."""
        wanted = np.array(sorted({track_id.encode() for track_id in track_ids}) or np.zeros(0, "S1"))
        found: dict[TrackId, Location] = {}
        for number, entry in enumerate(self._segments):
            ids = self._ids(entry)
            sought = wanted[np.char.str_len(wanted) <= ids.dtype.itemsize].astype(ids.dtype)
            rows = np.searchsorted(ids, sought)
            inside = rows < entry.rows
            rows, sought = rows[inside], sought[inside]
            rows = rows[ids[rows] == sought]
            rows = rows[~np.isin(rows, entry.dead)]
            prints = mapped(self._cache.fetch(entry, FINGERPRINTS), np.uint64)[rows]
            for row, track_id, fingerprint in zip(rows.tolist(), ids[rows].tolist(), prints.tolist(), strict=True):
                found[TrackId(track_id.decode())] = Location(number, row, fingerprint)
        return found

    def ids(self) -> Ids:
        """The ids of all living rows, ascending."""
        living = [np.delete(self._ids(entry), entry.dead) for entry in self._segments]
        return np.sort(np.concatenate(living)) if living else np.zeros(0, "S1")

    def _ids(self, entry: SegmentEntry) -> Ids:
        return mapped(self._cache.fetch(entry, IDS), np.bytes_)
