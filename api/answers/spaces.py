"""Spaces: kinds of evidence for which tracks belong together. `sound` is always there, `listening` beside it if it is.

What a query is in a space is the space's own affair: a vector, or tracks with weights. It means nothing in another one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from api.answers.catalogue import nearest_among, whole
from api.answers.commonness import Commonness, commonness_of
from api.answers.filters import NO_FILTERS, Admitted, Filters
from api.answers.scale import NO_SCALE, Scale, sample_of
from earshot.embedding import Vector
from earshot.index.arrays import Mask
from earshot.index.neighbours import Neighbours
from earshot.index.rows import IndexedTrack
from earshot.index.transform import Matrix


class Candidate(NamedTuple):
    """A track that a space offers, with its score there; and what the index shows of it, where that is at hand."""

    track_id: str
    score: float
    track: IndexedTrack | None = None


class Together(NamedTuple):
    """Why a space offers a track: `listeners` have played it and the track `track_id` of the query."""

    track_id: str
    listeners: int


class Question(Protocol):
    """What is asked of one space. Scores are at most 1, for what fits best."""

    def candidates(self, k: int, *, exclude: Collection[str]) -> Sequence[Candidate]:
        """The `k` tracks that score best, best first, none of `exclude`.

        Fewer than `k`: every other track scores 0 or less.
        """

    def scores(self, track_ids: Sequence[str]) -> Sequence[float]:
        """The score of each track; 0 for those that the space does not know."""

    def together(self, track_ids: Sequence[str]) -> Mapping[str, Together]:
        """What of the query tracks were played together with, of those of which the space knows it and may say it."""


class Space(Protocol):
    """Makes of weighted tracks what it can be asked."""

    @property
    def name(self) -> str:
        """What answers call it."""

    @property
    def version(self) -> str:
        """Of what it knows: the same version scores the same."""

    def question(self, tracks: Sequence[tuple[str, float]]) -> Question | None:
        """What these come to here, each with its weight (negative: less of this); None where none of them is known."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each space counts."""

    sound: float = 1.0
    others: tuple[tuple[Space, float], ...] = ()

    def parts(self, tracks: Sequence[tuple[str, float]]) -> "tuple[Part, ...]":
        """What weighted tracks ask of those of the others that know one of them."""
        asked = ((space.question(tracks), weight) for space, weight in self.others)
        return tuple(Part(question, weight) for question, weight in asked if question is not None)


SOUND_ALONE = Weights()


@dataclass(frozen=True, slots=True)
class Part:
    """What a query asks of one space, and how much the answer counts."""

    question: Question
    weight: float = 1.0


class SoundSpace(Protocol):
    """What a ranking asks of how tracks sound: `Sound` of one index version, or of several that answer together."""

    @property
    def reach(self) -> int:
        """See `Sound.reach`."""

    def track(self, track_id: str) -> IndexedTrack | None:
        """See `Sound.track`."""

    def candidates(self, points: Sequence[Vector], k: int, *, exclude: Collection[str]) -> Sequence[Candidate]:
        """See `Sound.candidates`."""

    def cosines(self, points: Sequence[Vector], track_ids: Sequence[str]) -> Mapping[str, float]:
        """See `Sound.cosines`."""

    def scale(self, points: Sequence[Vector], exclude: Collection[str]) -> Scale:
        """See `Sound.scale`."""

    @property
    def common(self) -> Commonness:
        """See `Sound.common`."""


class Sound:
    """The space of an index version: scores are cosines of what the network heard.

    Args:
        searcher: the index version.
        filters: only tracks that they let through are candidates.

    Raises:
        UnknownTag, UnknownGenre: no track has what the filters ask for.
        NotServedHere: see `api.answers.catalogue.whole`.
    """

    name = "sound"

    def __init__(self, searcher: Neighbours, filters: Filters = NO_FILTERS) -> None:
        self.version = searcher.version
        self._searcher = searcher
        self._admitted = None if filters.let_all_through else Admitted(whole(searcher), filters)

    @property
    def reach(self) -> int:
        """The greatest `k` that may be asked for."""
        return self._searcher.reach

    @property
    def common(self) -> Commonness:
        """What is common in the whole catalogue, whatever the filters."""
        return commonness_of(self._searcher)

    def scale(self, points: Sequence[Vector], exclude: Collection[str]) -> Scale:
        """How far the whole catalogue but `exclude` is from the nearest of `points`, whatever the filters."""
        sample = sample_of(self._searcher)
        return NO_SCALE if sample is None else Scale(sample.cosines(points, exclude))

    def vectors(self, track_ids: Sequence[str]) -> tuple[Matrix, Mask]:
        """Unit vectors of tracks (n, dim), and which of them the index holds (n,)."""
        return self._searcher.vectors(track_ids)

    def track(self, track_id: str) -> IndexedTrack | None:
        """What the index shows of the track; None where it does not hold it, or where it may be no candidate."""
        return self._searcher.row(track_id) if self._admitted is None or track_id in self._admitted else None

    def candidates(self, points: Sequence[Vector], k: int, *, exclude: Collection[str]) -> list[Candidate]:
        """The `k` tracks nearest to any of the unit vectors `points`. Fewer: there are no more."""
        if len(points) == 1:
            return self._nearest(points[0], k, exclude)
        best: dict[str, float] = {}
        for point in points:
            for track_id, score in self._names(point, k, exclude):
                best[track_id] = max(score, best.get(track_id, -1.0))
        chosen = sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))[:k]
        return [Candidate(track_id, score, self._searcher.row(track_id)) for track_id, score in chosen]

    def _names(self, vector: Vector, k: int, exclude: Collection[str]) -> list[tuple[str, float]]:
        """Ids and cosines alone, where they can be had without reading what is shown of the tracks."""
        if self._admitted is None:
            hits = self._searcher.nearest(vector, k, exclude=exclude)
            return [(hit.track_id, hit.similarity) for hit in hits]
        return [(found.track_id, found.score) for found in self._nearest(vector, k, exclude)]

    def _nearest(self, vector: Vector, k: int, exclude: Collection[str]) -> list[Candidate]:
        if self._admitted is None:
            found = self._searcher.search(vector, k, exclude=exclude)
        else:
            found = nearest_among(self._admitted.parts, vector, k, exclude=frozenset(exclude))
        return [Candidate(near.track.track_id, near.similarity, near.track) for near in found]

    def cosines(self, points: Sequence[Vector], track_ids: Sequence[str]) -> dict[str, float]:
        """The cosine of each track to the nearest of `points`; without those that may be no candidates."""
        admitted = self._admitted
        if admitted is not None:
            track_ids = [track_id for track_id in track_ids if track_id in admitted]
        if not track_ids:
            return {}
        vectors, found = self._searcher.vectors(track_ids)
        nearest = np.clip((vectors @ np.stack(points).T).max(axis=1), -1, 1)
        return {track_ids[i]: float(nearest[i]) for i in np.flatnonzero(found).tolist()}


def cosine(one: Vector, other: Vector) -> float:
    """Of two unit vectors, -1..1."""
    return min(1.0, max(-1.0, float(one @ other)))
