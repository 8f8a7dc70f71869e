"""Where each track stands in an index version."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earshot.index.cache import SegmentCache
from earshot.index.manifest import Manifest, SegmentEntry


def changed_between(cache: SegmentCache, before: Manifest, after: Manifest) -> list[str]:
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
            ids = np.load(cache.fetch(entry, "ids.npy"), mmap_mode="r", allow_pickle=False)
            changed.update(ids[rows].tolist())
    return sorted(track_id.decode() for track_id in changed)


def _living(entry: SegmentEntry | None) -> npt.NDArray[np.intp]:
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

    def locate(self, track_ids: Iterable[str]) -> dict[str, Location]:
        """The living rows of those of `track_ids` that are in the index."""
        wanted = np.array(sorted({track_id.encode() for track_id in track_ids}) or np.zeros(0, "S1"))
        found: dict[str, Location] = {}
        for number, entry in enumerate(self._segments):
            ids = self._load(entry, "ids.npy")
            sought = wanted[np.char.str_len(wanted) <= ids.dtype.itemsize].astype(ids.dtype)
            rows = np.searchsorted(ids, sought)
            inside = rows < entry.rows
            rows, sought = rows[inside], sought[inside]
            rows = rows[ids[rows] == sought]
            rows = rows[~np.isin(rows, entry.dead)]
            prints = self._load(entry, "fingerprints.npy")[rows]
            for row, track_id, fingerprint in zip(rows.tolist(), ids[rows].tolist(), prints.tolist(), strict=True):
                found[track_id.decode()] = Location(number, row, fingerprint)
        return found

    def ids(self) -> npt.NDArray[np.bytes_]:
        """The ids of all living rows, ascending."""
        living = [np.delete(self._load(entry, "ids.npy"), entry.dead) for entry in self._segments]
        return np.sort(np.concatenate(living)) if living else np.zeros(0, "S1")

    def _load(self, entry: SegmentEntry, name: str) -> npt.NDArray[np.generic]:
        path = self._cache.fetch(entry, name)
        array: npt.NDArray[np.generic] = np.load(path, mmap_mode="r", allow_pickle=False)
        return array.view(np.ndarray)
