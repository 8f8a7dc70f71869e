"""A segment opened: to be read, or for queries."""

from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from earshot.embedding import Vector
from earshot.errors import DamagedIndex
from earshot.index.arrays import Ids, Mask, RowNumbers, StoredVectors, mapped
from earshot.index.cache import SegmentCache, Watch
from earshot.index.described import DESCRIBED, Described, described_file, unknown
from earshot.index.engines.engine import Opened
from earshot.index.engines.registry import engine_named
from earshot.index.layout import Positions
from earshot.index.manifest import SegmentEntry
from earshot.index.popularity import POPULARITY, Popularity, popularity_file
from earshot.index.popularity import unknown as nothing_known
from earshot.index.rows import LINES, OFFSETS, IndexedTrack, Lines
from earshot.index.shelf import SHELF, Shelf, mapped_shelf
from earshot.index.shelving import arranged
from earshot.index.transform import unit

IDS, VECTORS, MAP = "ids.npy", "vectors.npy", "map.npy"

Hits = tuple[RowNumbers, Vector]
"""Row numbers and their cosine similarities."""
_Scalar = TypeVar("_Scalar", bound=np.generic)


class StoredSegment:
    """What a segment holds of its rows, checked against the manifest, mapped from files that never change.

    Args:
        cache: where its files come from.
        entry: the segment as a manifest describes it.
        dim: length of the vectors.

    Raises:
        DamagedIndex: a file is missing or not what the manifest promises.
    """

    def __init__(self, cache: SegmentCache, entry: SegmentEntry, *, dim: int) -> None:
        self.id = entry.id
        self.rows = entry.rows
        self._cache = cache
        self._entry = entry
        self._watch = Watch()
        self.ids: Ids = self._array(IDS, np.bytes_)
        self.vectors: StoredVectors = self._array(VECTORS, np.float16)
        self._lines = Lines(self._file(LINES), self._array(OFFSETS, np.uint64))
        if self.ids.shape != (self.rows,) or self.vectors.shape != (self.rows, dim):
            raise DamagedIndex(
                f"segment {self.id}: ids {self.ids.shape} and vectors {self.vectors.shape} "
                f"instead of {self.rows} rows of {dim}"
            )

    def _file(self, name: str) -> Path:
        """The local path of an object, whose file is watched from now on."""
        return self._watch.add(self._cache.fetch(self._entry, name))

    def _array(self, name: str, kind: type[_Scalar]) -> npt.NDArray[_Scalar]:
        try:
            return mapped(self._file(name), kind)
        except DamagedIndex as error:
            raise DamagedIndex(f"segment {self.id}: {error.message}") from None

    def is_untouched(self) -> bool:
        """Whether no one has written to the mapped files since they were checked."""
        return self._watch.is_untouched()

    def find(self, track_id: str) -> int | None:
        """The row of `track_id`, dead or alive, or None."""
        wanted = track_id.encode()
        if not self.rows or len(wanted) > self.ids.dtype.itemsize:
            return None
        row = int(np.searchsorted(self.ids, np.array(wanted, self.ids.dtype)))
        return row if row < self.rows and self.ids[row] == wanted else None

    def track_id(self, row: int) -> str:
        """The id of a row."""
        return bytes(self.ids[row]).decode()

    def line(self, row: int) -> bytes:
        """All that is kept of a row but its vectors, see `earshot.index.rows.track_to_line`."""
        return self._lines[row]

    def track(self, row: int) -> IndexedTrack:
        """What results show of a row."""
        return IndexedTrack.from_line(self._lines[row])

    def vector(self, row: int) -> Vector:
        """Unit vector (dim,) of a row."""
        vector: Vector = unit(self.vectors[row : row + 1])[0]
        return vector


class Segment(StoredSegment):
    """A segment whose engine and shelf are open as well.

    Raises:
        DamagedIndex: see `StoredSegment`; or its engine finds other neighbours than when it was built.
    """

    def __init__(self, cache: SegmentCache, entry: SegmentEntry, *, dim: int) -> None:
        super().__init__(cache, entry, dim=dim)
        self._opened = self._open()
        if SHELF in entry.objects:
            self.shelf  # noqa: B018 (opened now, so that a damaged one is found before anything is asked of it)
        self.described = self._described()
        """Its rows by tempo, key and loudness."""
        self.popularity = self._popularity()
        """Its rows by how well known they are."""

    def _open(self) -> Opened:
        engine = engine_named(self._entry.engine.name)
        files = {name: self._file(name) for name in engine.files}
        try:
            return engine.load(files, self.vectors, self._entry.engine)
        except DamagedIndex as error:
            raise DamagedIndex(f"segment {self.id}: {error.message}") from None

    def _described(self) -> Described:
        if DESCRIBED not in self._entry.objects:
            return unknown(self.rows)
        try:
            return described_file(self._file(DESCRIBED), self.rows)
        except DamagedIndex as error:
            raise DamagedIndex(f"segment {self.id}: {error.message}") from None

    def _popularity(self) -> Popularity:
        if POPULARITY not in self._entry.objects:
            return nothing_known(self.rows)
        try:
            return popularity_file(self._file(POPULARITY), self.rows)
        except DamagedIndex as error:
            raise DamagedIndex(f"segment {self.id}: {error.message}") from None

    @cached_property
    def shelf(self) -> Shelf:
        """The rows by words, tags and sources; arranged now where an Earshot wrote the segment that kept none."""
        if SHELF not in self._entry.objects:
            return Shelf(arranged(self._lines.read(range(self.rows))), self.rows, self._lines)
        try:
            return mapped_shelf(self._file(SHELF), self.rows, self._lines)
        except DamagedIndex as error:
            raise DamagedIndex(f"segment {self.id}: {error.message}") from None

    def positions(self) -> Positions | None:
        """Where the rows lie on the 2-D map, (rows, 2); None when the segment was written without one.

        Fetched when first asked for: searching needs none.

        Raises:
            DamagedIndex: the map is not what the manifest promises.
        """
        if MAP not in self._entry.objects:
            return None
        positions = mapped(self._cache.fetch(self._entry, MAP), np.float32)
        if positions.shape != (self.rows, 2):
            raise DamagedIndex(f"segment {self.id}: {positions.shape} positions for {self.rows} rows")
        return positions

    def nearest(self, vector: Vector, n: int, dead: Mask | None = None) -> Hits:
        """At least the `n` rows nearest to the unit `vector` that are not `dead`, as far as the engine finds so many.

        Similarities are exact, whatever the engine; the order is not defined.
        """
        rows, similarities = self._opened.candidates(vector, n, dead)
        return rows, unit(self.vectors[rows]) @ vector if similarities is None else similarities
