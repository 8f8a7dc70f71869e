"""A segment opened for queries."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from annoy import AnnoyIndex

from earshot.embedding import Vector
from earshot.errors import DamagedIndex
from earshot.index.cache import SegmentCache
from earshot.index.manifest import METRIC, SegmentEntry
from earshot.index.rows import LINES, OFFSETS, IndexedTrack, Lines
from earshot.index.transform import Matrix, unit

MAP = "map.npy"
CANARY_OVERLAP = 0.8
"""Least share of the expected neighbours that the canaries must find. A truncated file finds a few per cent; another
processor's rounding costs one neighbour in hundreds."""

Hits = tuple[npt.NDArray[np.intp], Vector]
"""Row numbers and their cosine similarities."""


class Segment:
    """Vectors and metadata of one segment, checked against the manifest, mapped from files that never change.

    Args:
        cache: where its files come from.
        entry: the segment as a manifest describes it.
        dim: length of the vectors.
        n_trees: what the Annoy file must hold; None searches the segment exactly and leaves that file alone.

    Raises:
        DamagedIndex: a file is missing or not what the manifest promises, or a canary query went wrong.
    """

    def __init__(self, cache: SegmentCache, entry: SegmentEntry, *, dim: int, n_trees: int | None) -> None:
        self.id = entry.id
        self.rows = entry.rows
        self._cache = cache
        self._entry = entry
        self._watched: list[tuple[int, int, int]] = []
        self.ids = self._array(cache.fetch(entry, "ids.npy"))
        self.vectors = self._array(cache.fetch(entry, "vectors.npy"))
        offsets = self._array(cache.fetch(entry, OFFSETS))
        lines = cache.fetch(entry, LINES)
        self._watch(lines)
        self._lines = Lines(lines, offsets)
        if self.ids.shape != (self.rows,) or self.ids.dtype.kind != "S" or self.vectors.shape != (self.rows, dim):
            raise DamagedIndex(
                f"segment {self.id}: ids {self.ids.shape} {self.ids.dtype} and vectors {self.vectors.shape} "
                f"instead of {self.rows} rows of {dim}"
            )
        self._annoy: AnnoyIndex | None = None
        self._matrix: Matrix | None = None
        if n_trees is None:
            self._matrix = unit(self.vectors)
        else:
            self._annoy = self._load_annoy(cache.fetch(entry, "annoy.ann"), dim, n_trees)
            self._sing(entry)

    def __del__(self) -> None:
        for descriptor, _, _ in self._watched:
            os.close(descriptor)

    def _watch(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        found = os.fstat(descriptor)
        self._watched.append((descriptor, found.st_size, found.st_mtime_ns))

    def _array(self, path: Path) -> npt.NDArray[Any]:
        self._watch(path)
        try:
            array: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        except ValueError as error:
            raise DamagedIndex(f"{path.name} of segment {self.id}: {error}") from None
        return array.view(np.ndarray)

    def _load_annoy(self, path: Path, dim: int, n_trees: int) -> AnnoyIndex:
        self._watch(path)
        index = AnnoyIndex(dim, METRIC)
        try:
            index.load(str(path))
        except OSError as error:
            raise DamagedIndex(f"Annoy file of segment {self.id}: {error}") from None
        if index.get_n_items() != self.rows or index.get_n_trees() != n_trees:
            raise DamagedIndex(
                f"Annoy file of segment {self.id} holds {index.get_n_items()} items in {index.get_n_trees()} trees "
                f"instead of {self.rows} in {n_trees}"
            )
        return index

    def _sing(self, entry: SegmentEntry) -> None:
        """Repeat the builder's canary queries."""
        expected = found = 0
        for canary in entry.canaries:
            k = len(canary.neighbours)
            answer = self._annoy.get_nns_by_vector(self.vector(canary.row).tolist(), k, 100 * k) if self._annoy else ()
            expected += k
            found += len(set(answer).intersection(canary.neighbours))
        if found < CANARY_OVERLAP * expected:
            raise DamagedIndex(f"segment {self.id}: canary queries found {found} of {expected} neighbours")

    def is_untouched(self) -> bool:
        """Whether no one has written to the mapped files since they were checked."""
        return all(
            (found := os.fstat(descriptor)).st_size == size and found.st_mtime_ns == modified
            for descriptor, size, modified in self._watched
        )

    def positions(self) -> Vector | None:
        """Where the rows lie on the 2-D map, (rows, 2); None when the segment was written without one.

        Fetched when first asked for: searching needs none.

        Raises:
            DamagedIndex: the map is not what the manifest promises.
        """
        if MAP not in self._entry.objects:
            return None
        positions: Vector = np.load(self._cache.fetch(self._entry, MAP), allow_pickle=False)
        if positions.shape != (self.rows, 2):
            raise DamagedIndex(f"segment {self.id}: {positions.shape} positions for {self.rows} rows")
        return positions

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

    def track(self, row: int) -> IndexedTrack:
        """What results show of a row."""
        return IndexedTrack.from_line(self._lines[row])

    def tracks(self) -> Iterator[IndexedTrack]:
        """What results show of every row, dead ones included, in row order."""
        return map(IndexedTrack.from_line, self._lines.read(range(self.rows)))

    def vector(self, row: int) -> Vector:
        """Unit vector (dim,) of a row."""
        vector: Vector = unit(self.vectors[row : row + 1])[0]
        return vector

    def nearest(
        self, vector: Vector, n: int, *, search_k: int | None, dead: npt.NDArray[np.bool_] | None = None
    ) -> Hits:
        """At least the `n` rows nearest to the unit `vector` that are not `dead`, as far as there are so many.

        Exact search gives true neighbours and every row that ties with the last one; Annoy gives what it finds among
        `search_k` candidates. Similarities are exact in both cases; the order is not defined.
        """
        if self._annoy is not None and search_k is not None:
            rows = self._candidates(self._annoy, vector, n, search_k, dead)
            return rows, unit(self.vectors[rows]) @ vector
        matrix = self._matrix if self._matrix is not None else unit(self.vectors)
        similarities = matrix @ vector
        if dead is not None:
            similarities[dead] = -np.inf
        if n < self.rows:
            least = np.partition(similarities, self.rows - n)[self.rows - n]
            rows = np.flatnonzero(similarities >= least)
        else:
            rows = np.arange(self.rows)
        rows = rows[similarities[rows] > -np.inf]
        return rows, similarities[rows]

    def _candidates(
        self, index: AnnoyIndex, vector: Vector, n: int, search_k: int, dead: npt.NDArray[np.bool_] | None
    ) -> npt.NDArray[np.intp]:
        """Rows that Annoy finds. Dead ones are made up for by asking for more; where they cluster, twice as many among
        twice as many candidates, as often as it takes."""
        query = vector.tolist()
        share = 0.0 if dead is None else float(np.count_nonzero(dead)) / self.rows
        wanted = int(n * (1 + 2 * share)) + 5
        while True:
            rows = np.asarray(index.get_nns_by_vector(query, wanted, max(search_k, wanted)), np.intp)
            live = rows if dead is None else rows[~dead[rows]]
            if len(live) >= n or len(rows) < wanted:
                return live
            wanted, search_k = 2 * wanted, 2 * search_k
