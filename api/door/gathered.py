"""How tracks sound, as several shards together know it: what a ranking asks for, out of what they have sent."""

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np

from api.answers.commonness import Commonness
from api.answers.scale import NO_SCALE, Scale, key_bound
from api.answers.spaces import Candidate
from api.http.options import FilterParameters
from api.http.shard_contract import MOST_NEAREST, NearestRequest, ShardNearest, packed, unpacked, unpacked_numbers
from earshot.embedding import Vector
from earshot.errors import UnknownTag
from earshot.index.arrays import Mask
from earshot.index.rows import IndexedTrack
from earshot.index.transform import Matrix

Ask = Callable[[NearestRequest, Collection[int]], Mapping[int, ShardNearest]]
"""Asks the shards of these numbers at once: what those that answer say, by their numbers."""


class Gathered:
    """A `SoundSpace` and the `Catalogue` of its candidates (`api.answers`), for one question.

    Args:
        ask: see there.
        shards: how many there are.
        transform: SHA-256 of that of the question's vectors.
        dim: their length.
        filters: only tracks that they let through are candidates.
        common: what is common in the shards together.
    """

    def __init__(
        self, ask: Ask, shards: int, transform: str, dim: int, *, filters: FilterParameters, common: Commonness
    ) -> None:
        self._shards = shards
        self.reach = shards * MOST_NEAREST
        """The greatest `k` that may be asked for."""
        self._ask = ask
        self._transform = transform
        self._dim = dim
        self._filters = filters
        self.common = common
        self._asked = False
        self._scale = NO_SCALE
        self._rows: dict[str, IndexedTrack] = {}
        self._vectors: dict[str, Vector] = {}
        self.versions: dict[int, str] = dict.fromkeys(range(shards), "")
        """Index versions by the numbers of the shards that have answered whenever they were asked. One that did not is
        not waited for a second time."""

    def candidates(self, points: Sequence[Vector], k: int, *, exclude: Collection[str]) -> list[Candidate]:
        """The `k` tracks nearest to the one point there is, but no more than 1,000 of each shard.

        Raises:
            UnknownTag: all shards answer, and no track of any has a tag of the filters.
            TooFewShards
        """
        (point,) = points
        request = NearestRequest(
            vector=packed(point),
            transform=self._transform,
            k=min(k, MOST_NEAREST),
            exclude=sorted(exclude),
            filters=self._filters,
            sample_below=0 if self._asked or not self.common.tracks else key_bound(self.common.tracks),
        )
        told = self._ask(request, self.versions)
        if not self._asked:
            self._scale = Scale(np.concatenate([unpacked_numbers(each.sampled) for each in told.values()]))
        self._asked = True
        self.versions = {number: each.version for number, each in told.items()}
        unknown = [each.unknown_tag for each in told.values() if each.unknown_tag]
        if len(unknown) == self._shards:
            raise UnknownTag(unknown[0], hint="The tags are those that tracks show.")
        near = [(-one.similarity, str(one.track["track_id"]), one) for each in told.values() for one in each.found]
        near.sort(key=lambda one: one[:2])
        return [self._noted(one.track, one.vector, one.similarity) for _, _, one in near[:k]]

    def _noted(self, row: Mapping[str, object], vector: str, similarity: float) -> Candidate:
        track = IndexedTrack.from_row(row)
        self._rows[track.track_id] = track
        self._vectors[track.track_id] = unpacked(vector, self._dim)
        return Candidate(track.track_id, similarity, track)

    def scale(self, points: Sequence[Vector], exclude: Collection[str]) -> Scale:  # noqa: ARG002 (the first question's)
        """How far all tracks of the shards that answered are from the point that was asked about, but the excluded."""
        return self._scale

    def track(self, track_id: str) -> IndexedTrack | None:
        """A candidate, by its id."""
        return self._rows.get(track_id)

    row = track

    def vector(self, track_id: str) -> Vector | None:
        """Its unit vector (dim,)."""
        return self._vectors.get(track_id)

    def vectors(self, track_ids: Sequence[str]) -> tuple[Matrix, Mask]:
        """Those of several (n, dim), and which of them are candidates (n,)."""
        found = np.array([track_id in self._vectors for track_id in track_ids], np.bool_)
        vectors = np.zeros((len(track_ids), self._dim), np.float32)
        for number in np.flatnonzero(found).tolist():
            vectors[number] = self._vectors[track_ids[number]]
        return vectors, found

    def cosines(self, points: Sequence[Vector], track_ids: Sequence[str]) -> dict[str, float]:
        """Of candidates to the nearest of `points`."""
        vectors, found = self.vectors(track_ids)
        nearest = np.clip((vectors @ np.stack(points).T).max(axis=1), -1, 1)
        return {track_ids[number]: float(nearest[number]) for number in np.flatnonzero(found).tolist()}
