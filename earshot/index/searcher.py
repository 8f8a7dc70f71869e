"""Answers queries from one index version: its segments merged, dead rows left out, true cosines."""

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from earshot.embedding import Vector
from earshot.errors import InvalidInput
from earshot.index.arrays import Mask
from earshot.index.manifest import Manifest
from earshot.index.rows import IndexedTrack
from earshot.index.segment import Segment
from earshot.index.transform import Matrix, unit


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A track and its cosine similarity to the query, -1..1."""

    track: IndexedTrack
    similarity: float


class Hit(NamedTuple):
    """A row of a segment and its cosine similarity to the query, -1..1."""

    similarity: float
    track_id: str
    segment: Segment
    row: int


class Searcher:
    """One index version, open for queries. Immutable, so any number of threads may share it.

    Args:
        manifest: the version.
        segments: its segments, opened, in the manifest's order.
    """

    def __init__(self, manifest: Manifest, segments: Sequence[Segment]) -> None:
        self.version = manifest.version
        self.model = manifest.model
        self.recipe = manifest.recipe
        self.dim = manifest.dim
        self.size = manifest.tracks
        self.reach = sys.maxsize
        self.built_at = manifest.built_at
        self.build_s = manifest.build_s
        self.recall = manifest.recall
        self.search_k = _search_k(manifest)
        self.engines = manifest.engines
        self.transform = manifest.transform
        self.shard = manifest.shard
        self._segments = tuple(
            (segment, entry.dead_mask()) for segment, entry in zip(segments, manifest.segments, strict=True)
        )

    @property
    def segments(self) -> tuple[tuple[Segment, Mask | None], ...]:
        """The segments, each with the mask of its dead rows (None: all live)."""
        return self._segments

    @property
    def knows_popularity(self) -> bool:
        """Whether it is known of any track how well known it is."""
        return any(segment.popularity.is_known for segment, _ in self._segments)

    def contains(self, track_id: str) -> bool:
        """Whether a query can find the track."""
        return self.place(track_id) is not None

    def row(self, track_id: str) -> IndexedTrack | None:
        """What the index shows of the track, or None."""
        found = self.place(track_id)
        return found[0].track(found[1]) if found else None

    def vector(self, track_id: str) -> Vector | None:
        """The track's unit vector (dim,), or None."""
        found = self.place(track_id)
        return found[0].vector(found[1]) if found else None

    def vectors(self, track_ids: Sequence[str]) -> tuple[Matrix, Mask]:
        """Unit vectors of tracks (n, dim), and which of them there are (n,); the rows of others mean nothing."""
        names = np.array([track_id.encode() for track_id in track_ids], np.bytes_)
        vectors, found = np.zeros((len(names), self.dim), np.float32), np.zeros(len(names), np.bool_)
        for segment, dead in reversed(self._segments):
            if found.all() or not segment.rows:
                continue
            wanted = names.astype(segment.ids.dtype)  # a longer name is cut, and equals none that it was
            rows = np.minimum(np.searchsorted(segment.ids, wanted), segment.rows - 1)
            here = (segment.ids[rows] == names) & ~found
            if dead is not None:
                here &= ~dead[rows]
            vectors[here] = unit(segment.vectors[rows[here]])
            found |= here
        return vectors, found

    def search(self, vector: Vector, k: int, *, exclude: Collection[str] = frozenset()) -> list[Neighbour]:
        """The `k` tracks nearest to `vector` (dim,), any length but zero; best first, ties by track id.

        Args:
            vector: the query.
            k: how many, at least 1. Fewer come back where the index holds fewer.
            exclude: track ids that must not be among them.

        Raises:
            InvalidInput: `vector` is not finite, zero or of another dimension, or `k` is not positive.
        """
        return [
            Neighbour(hit.segment.track(hit.row), hit.similarity) for hit in self.nearest(vector, k, exclude=exclude)
        ]

    def nearest(self, vector: Vector, k: int, *, exclude: Collection[str] = frozenset()) -> list[Hit]:
        """The same as `search`, without what the index shows of the tracks."""
        query = direction(vector, self.dim)
        if k < 1:
            raise InvalidInput(f"k must be at least 1, not {k}")
        wanted = k + len(exclude)
        found = [(segment, *segment.nearest(query, wanted, dead)) for segment, dead in self._segments]
        least = _greatest([similarities for *_, similarities in found], wanted)
        hits = [
            Hit(min(1.0, max(-1.0, similarity)), segment.track_id(row), segment, row)
            for segment, rows, similarities in found
            for row, similarity in zip(rows.tolist(), similarities.tolist(), strict=True)
            if similarity >= least
        ]
        hits.sort(key=lambda hit: (-hit.similarity, hit.track_id))
        return [hit for hit in hits if hit.track_id not in exclude][:k]

    def is_untouched(self) -> bool:
        """Whether the mapped files are still those that were checked. Never query a version that says no."""
        return all(segment.is_untouched() for segment, _ in self._segments)

    def place(self, track_id: str) -> tuple[Segment, int] | None:
        """The segment and the row of a living track, or None."""
        for segment, dead in reversed(self._segments):
            row = segment.find(track_id)
            if row is not None and (dead is None or not dead[row]):
                return segment, row
        return None


def direction(vector: Vector, dim: int) -> Vector:
    """The query `vector` with length 1.

    Raises:
        InvalidInput: it is not finite, zero, or not of shape (dim,).
    """
    query = np.asarray(vector, np.float32)
    if query.shape != (dim,):
        raise InvalidInput(f"a query vector must have shape ({dim},), not {query.shape}")
    length = float(np.linalg.norm(query.astype(np.float64)))
    if not np.isfinite(length) or length < np.finfo(np.float32).tiny:
        raise InvalidInput(f"a query vector must be finite and not zero; its length is {length}")
    return (query / np.float32(length)).astype(np.float32)


def _search_k(manifest: Manifest) -> int | None:
    """Annoy's effort per query and base; None: no base is searched by Annoy."""
    return max((found for base in manifest.bases if (found := base.engine.params.get("search_k"))), default=None)


def _greatest(similarities: Sequence[Vector], n: int) -> float:
    """The n-th greatest of all, at most 1. What is less needs no name: of many segments that is most that they find."""
    every = np.concatenate(similarities) if similarities else np.zeros(0, np.float32)
    return min(1.0, float(np.partition(every, len(every) - n)[len(every) - n])) if n < len(every) else -np.inf
