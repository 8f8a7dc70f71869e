"""Answers queries from an index version whose vectors and rows are in S3 Vectors, and not on this machine."""

import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from earshot.embedding import Vector
from earshot.errors import DamagedIndex, InvalidInput
from earshot.ids import SegmentId
from earshot.index.arrays import Mask
from earshot.index.engines.engine import EngineEntry
from earshot.index.manifest import EngineShare, Manifest, SegmentEntry
from earshot.index.rows import IndexedTrack
from earshot.index.s3_vectors.service import MOST_NEAREST, Carrying, Nearest, VectorIndex
from earshot.index.searcher import Neighbour, direction
from earshot.index.transform import Matrix

ENGINE = "s3_vectors"
_REMEMBERED = 5_000
"""Tracks, of 2 kB each: an answer looks at some hundreds again and again, and each look would be a request."""


@dataclass(frozen=True, slots=True)
class NearId:
    """A track by name, and its cosine similarity to the query, -1..1."""

    track_id: str
    similarity: float


class VectorsSearcher:
    """A version in S3 Vectors; any number of threads may share it.

    While the copy is brought to the next version, answers tell some tracks as they are there already.

    Args:
        manifest: the version.
        index: that holds it.
        recall: as measured when it was copied.
    """

    def __init__(self, manifest: Manifest, index: VectorIndex, recall: float) -> None:
        self.version = manifest.version
        self.model = manifest.model
        self.recipe = manifest.recipe
        self.dim = manifest.dim
        self.size = manifest.tracks
        self.reach = MOST_NEAREST
        self.built_at = manifest.built_at
        self.build_s = manifest.build_s
        self.recall = recall
        self.search_k: int | None = None
        engine = EngineEntry(ENGINE, {})
        whole = SegmentEntry(SegmentId(index.name), "base", self.size, {}, engine=engine, recall=recall)
        self.engines = (EngineShare(ENGINE, self.size, whole),)
        self.transform = manifest.transform
        self._index = index
        self._known = _Known()

    def contains(self, track_id: str) -> bool:
        """See `Neighbours`."""
        return bool(self._told([track_id]))

    def row(self, track_id: str) -> IndexedTrack | None:
        """See `Neighbours`."""
        found = self._told([track_id]).get(track_id)
        return _shown(found.text) if found else None

    def vector(self, track_id: str) -> Vector | None:
        """See `Neighbours`."""
        found = self._told([track_id]).get(track_id)
        return found.vector if found else None

    def vectors(self, track_ids: Sequence[str]) -> tuple[Matrix, Mask]:
        """See `Neighbours`."""
        told = self._told(track_ids)
        vectors = np.zeros((len(track_ids), self.dim), np.float32)
        found = np.array([track_id in told for track_id in track_ids], np.bool_)
        for i in np.flatnonzero(found).tolist():
            vectors[i] = told[track_ids[i]].vector
        return vectors, found

    def search(self, vector: Vector, k: int, *, exclude: Collection[str] = frozenset()) -> list[Neighbour]:
        """See `Neighbours`. Of the nearest `MOST_NEAREST`, so that there are fewer than `k` where more than the rest of
        these are excluded; and as many of the true ones as the service finds."""
        return [Neighbour(_shown(one.carried.text), one.similarity) for one in self._nearest(vector, k, exclude)]

    def nearest(self, vector: Vector, k: int, *, exclude: Collection[str] = frozenset()) -> list[NearId]:
        """See `search`."""
        return [NearId(one.key, one.similarity) for one in self._nearest(vector, k, exclude)]

    def is_untouched(self) -> bool:
        """Nothing is mapped that somebody could write to."""
        return True

    def _nearest(self, vector: Vector, k: int, exclude: Collection[str]) -> list[Nearest]:
        query = direction(vector, self.dim)
        if not 1 <= k <= MOST_NEAREST:
            raise InvalidInput(
                f"k must be at least 1 and at most {MOST_NEAREST:,}, not {k}",
                hint="S3 Vectors brings no more; an index of files does.",
            )
        found = self._index.nearest(query, k + len(exclude))
        self._known.add(self._checked({one.key: one.carried for one in found}))
        found.sort(key=lambda one: (-one.similarity, one.key))
        return [one for one in found if one.key not in exclude][:k]

    def _told(self, track_ids: Sequence[str]) -> Mapping[str, Carrying]:
        """What there is of these tracks."""
        told = self._known.of(track_ids)
        if missing := [track_id for track_id in dict.fromkeys(track_ids) if track_id and track_id not in told]:
            found = self._checked(self._index.get(missing))
            self._known.add(found)
            told |= found
        return told

    def _checked(self, found: dict[str, Carrying]) -> dict[str, Carrying]:
        if any(one.numbers.shape != (self.dim,) for one in found.values()):
            raise DamagedIndex(f"the copy {self._index.name} in S3 Vectors holds vectors of another length")
        return found


class _Known:
    """What was told of the tracks that were asked for last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: OrderedDict[str, Carrying] = OrderedDict()

    def of(self, track_ids: Collection[str]) -> dict[str, Carrying]:
        """What is remembered of these."""
        with self._lock:
            found = {track_id: self._told[track_id] for track_id in track_ids if track_id in self._told}
            for track_id in found:
                self._told.move_to_end(track_id)
        return found

    def add(self, told: Mapping[str, Carrying]) -> None:
        """Remember these, and forget what nobody has asked for the longest."""
        with self._lock:
            self._told |= told
            while len(self._told) > _REMEMBERED:
                self._told.popitem(last=False)


def _shown(line: str) -> IndexedTrack:
    return IndexedTrack.from_line(line.encode())
