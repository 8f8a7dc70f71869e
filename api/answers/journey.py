"""A listening journey: from one track to another in steps that are each close to the last."""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import pairwise

import numpy as np

from api.answers.course import FREE, Course
from api.answers.filters import NO_FILTERS, Filters
from api.answers.found import Found, PlayedWith
from api.answers.query import Seed
from api.answers.reasons import reasons, shared_tags
from api.answers.spaces import SOUND_ALONE, Part, Sound, Weights, cosine
from earshot.embedding import Vector
from earshot.index.neighbours import Neighbours
from earshot.index.rows import IndexedTrack
from earshot.index.transform import Matrix
from earshot.recordings import artists_of
from earshot.titles import plain_title

_CANDIDATES = 24
_SPARE = 8
_WIDER = 3
"""So many times as many candidates where there is more to choose by than sound."""
_BEAM = 16
Recording = tuple[str, frozenset[str]] | str
_MIN_ANGLE = 1e-3


def journey(
    searcher: Neighbours,
    start: Seed,
    end: Seed,
    steps: int,
    *,
    filters: Filters = NO_FILTERS,
    weights: Weights = SOUND_ALONE,
    course: Course = FREE,
) -> list[Found]:
    """Up to `steps` tracks between `start` and `end`, then `end`; each with its similarity to the one before it.

    Waypoints are spread evenly over the great circle between the two (Shoemake 1985, slerp). Each offers its nearest
    tracks; a beam search picks the sequence whose squared leaps are least in sum, so that one long leap costs more
    than several short ones. Each space has its say in how long a leap is. No recording comes twice.
    `filters` speak of the tracks in between; what goes against the `course` is a longer leap.

    Raises:
        UnknownTag, UnknownGenre: no track has what the filters ask for.
    """
    sound = Sound(searcher, filters)
    most = max(_CANDIDATES, steps + _SPARE) * (1 if course.is_free else _WIDER)
    layers = [_candidates(sound, point, start, end, most) for point in waypoints(start.vector, end.vector, steps)]
    leaps = _Leaps(weights, course)
    chain = [start, *_least_leaps(start, layers, end, leaps), end]
    return [_step(sound, before, after, leaps) for before, after in pairwise(chain)]


class _Leaps:
    """How long the leap from one track to others is: 0 (the same) and more."""

    def __init__(self, weights: Weights, course: Course) -> None:
        self._weights = weights
        self._course = course
        self._asked: dict[str, tuple[Part, ...]] = {}

    def from_(self, before: Seed, layer: Sequence[Seed], vectors: Matrix) -> Vector:
        """To each of a layer, whose vectors are `vectors` (n, dim)."""
        leaps = self._by_likeness(before, layer, vectors)
        return leaps if self._course.is_free else leaps + self._course.detours(before, layer)

    def _by_likeness(self, before: Seed, layer: Sequence[Seed], vectors: Matrix) -> Vector:
        cosines: Vector = vectors @ before.vector
        others = self.parts(before)
        if not others:
            return 1 - cosines
        ids, total = [seed.track.track_id for seed in layer], self._weights.sound
        scores = self._weights.sound * cosines
        for part in others:
            scores += part.weight * np.asarray(part.question.scores(ids), np.float32)
            total += part.weight
        return 1 - scores / total

    def parts(self, before: Seed) -> tuple[Part, ...]:
        """What the track asks of the other spaces."""
        track_id = before.track.track_id
        if track_id not in self._asked:
            self._asked[track_id] = self._weights.parts([(track_id, 1.0)])
        return self._asked[track_id]


def _step(sound: Sound, before: Seed, after: Seed, leaps: _Leaps) -> Found:
    tags = {tag.name: tag.probability for tag in before.track.tags}
    listeners = max(
        (
            together.listeners
            for part in leaps.parts(before)
            for together in part.question.together([after.track.track_id]).values()
        ),
        default=None,
    )
    similarity = cosine(before.vector, after.vector)
    return Found(
        after.track,
        None,
        similarity,
        shared_tags(tags, after.track),
        played_with=PlayedWith(before.track, listeners) if listeners else None,
        reasons=reasons(tags, before.track, after.track, sound.common),
        closer_than=sound.scale([before.vector], {before.track.track_id}).closer_than(similarity),
    )


def _candidates(sound: Sound, waypoint: Vector, start: Seed, end: Seed, most: int) -> list[Seed]:
    ends = {start.track.track_id, end.track.track_id}
    recordings = {_recording(start.track), _recording(end.track)}
    candidates = sound.candidates([waypoint], most, exclude=ends)
    vectors, is_there = sound.vectors([candidate.track_id for candidate in candidates])
    return [
        Seed(candidate.track, vector)
        for candidate, vector, known in zip(candidates, vectors, is_there, strict=True)
        if known and candidate.track is not None and _recording(candidate.track) not in recordings
    ]


def _recording(track: IndexedTrack) -> Recording:
    title = plain_title(track.title)
    return (title, artists_of(track)) if title else track.track_id


def waypoints(start: Vector, end: Vector, steps: int) -> list[Vector]:
    """`steps` unit vectors, evenly spread between two unit vectors. Opposite ones are joined by way of any third."""
    cosine = float(np.clip(start @ end, -1, 1))
    angle = float(np.arccos(cosine))
    if angle > np.pi - _MIN_ANGLE:
        aside = np.zeros_like(start)
        aside[int(np.abs(start).argmin())] = 1
        aside -= (aside @ start) * start
        aside /= np.linalg.norm(aside)
        return [_toward(start, aside, np.pi * share) for share in _shares(steps)]
    if angle < _MIN_ANGLE:
        return [start] * steps
    aside = (end - cosine * start) / np.sin(angle)
    return [_toward(start, aside, angle * share) for share in _shares(steps)]


def _shares(steps: int) -> Sequence[float]:
    return [(number + 1) / (steps + 1) for number in range(steps)]


def _toward(start: Vector, aside: Vector, angle: float) -> Vector:
    point: Vector = (np.cos(angle) * start + np.sin(angle) * aside).astype(np.float32)
    return point


@dataclass(frozen=True, slots=True)
class _Walk:
    """A journey so far, with the sum of its squared leaps."""

    cost: float
    tracks: tuple[Seed, ...]
    recordings: frozenset[Recording]

    def to(self, track: Seed, recording: Recording, leap: float) -> "_Walk":
        """The walk with one more step, to a track of that recording."""
        return _Walk(self.cost + leap**2, (*self.tracks, track), self.recordings | {recording})


def _least_leaps(start: Seed, layers: Sequence[Sequence[Seed]], end: Seed, leaps: _Leaps) -> tuple[Seed, ...]:
    """One track per layer, as far as there are enough, such that the squared leaps are small in sum."""
    beam = [_Walk(0.0, (start,), frozenset({_recording(start.track)}))]
    for layer in layers:
        if not layer:
            continue
        vectors = np.stack([track.vector for track in layer])
        recordings = [_recording(track.track) for track in layer]
        lasts = {walk.tracks[-1].track.track_id: walk.tracks[-1] for walk in beam}
        lengths = {track_id: leaps.from_(last, layer, vectors) for track_id, last in lasts.items()}
        longer = [
            walk.to(track, recording, float(leap))
            for walk in beam
            for track, recording, leap in zip(layer, recordings, lengths[walk.tracks[-1].track.track_id], strict=True)
            if recording not in walk.recordings
        ]
        beam = nsmallest(_BEAM, longer, key=lambda walk: walk.cost) or beam
    last = end.vector[None]
    return min(beam, key=lambda walk: walk.cost + float(leaps.from_(walk.tracks[-1], [end], last)[0]) ** 2).tracks[1:]
