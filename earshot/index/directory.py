"""Where each track stands in an index version."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earshot.ids import TrackId
from earshot.index.arrays import Ids, RowNumbers, mapped
from earshot.index.cache import SegmentCache
from earshot.index.manifest import Manifest, SegmentEntry
from earshot.index.row_sources import FINGERPRINTS
from earshot.index.segment import IDS

_Contents = npt.NDArray[np.void]


def changed_between(cache: SegmentCache, before: Manifest, after: Manifest) -> list[TrackId]:
    """Tracks of which `after` does not hold what `before` holds: added, changed or removed, ascending.

    Costs what moved. A row that a compaction took from one segment into another is the same row.
    """
    old = {entry.id: entry for entry in before.segments}
    new = {entry.id: entry for entry in after.segments}
    left: list[_Contents] = []
    came: list[_Contents] = []
    for segment_id in old.keys() | new.keys():
        was, is_now = _living(old.get(segment_id)), _living(new.get(segment_id))
        entry = new.get(segment_id) or old[segment_id]
        left.append(_contents(cache, entry, np.setdiff1d(was, is_now, assume_unique=True)))
        came.append(_contents(cache, entry, np.setdiff1d(is_now, was, assume_unique=True)))
    if not left:
        return []
    changed = np.setxor1d(np.concatenate(left), np.concatenate(came), assume_unique=True)
    return [TrackId(track_id.decode()) for track_id in np.unique(changed["id"]).tolist()]


def _living(entry: SegmentEntry | None) -> RowNumbers:
    return np.delete(np.arange(entry.rows), entry.dead) if entry else np.zeros(0, np.intp)


def _contents(cache: SegmentCache, entry: SegmentEntry, rows: RowNumbers) -> _Contents:
    """Id and fingerprint of each of `rows`."""
    ids = mapped(cache.fetch(entry, IDS), np.bytes_)[rows] if rows.size else np.zeros(0, "S1")
    contents = np.empty(len(rows), [("id", ids.dtype), ("fingerprint", np.uint64)])
    contents["id"] = ids
    if rows.size:
        contents["fingerprint"] = mapped(cache.fetch(entry, FINGERPRINTS), np.uint64)[rows]
    return contents


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
