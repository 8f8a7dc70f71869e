"""A listening journey: from one track to another in steps that are each close to the last."""

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from api.contract import Result
from api.presentation import result, shared_tags
from api.ranking import Seed
from api.recordings import artists_of, plain_title
from earshot.embedding import Vector
from earshot.index.rows import IndexedTrack
from earshot.index.searcher import Searcher

_CANDIDATES = 24
_MIN_ANGLE = 1e-3


def journey(searcher: Searcher, start: Seed, end: Seed, steps: int) -> list[Result]:
    """Up to `steps` tracks between `start` and `end`, then `end`; each with its similarity to the one before it.

    Waypoints are spread evenly over the great circle between the two (Shoemake 1985, slerp). Each waypoint offers its
    nearest tracks; among them dynamic programming (Viterbi) picks the sequence whose squared leaps are least in sum,
    so that one long leap costs more than several short ones. No recording comes twice.
    """
    layers = _layers(searcher, start, end, steps)
    chain = [start, *_shortest(start, layers, end), end]
    return [_step(before, after) for before, after in itertools.pairwise(chain)]


def _step(before: Seed, after: Seed) -> Result:
    tags = {tag.name: tag.probability for tag in before.track.tags}
    return result(after.track, float(before.vector @ after.vector), shared_tags(tags, after.track))


def _layers(searcher: Searcher, start: Seed, end: Seed, steps: int) -> list[list[Seed]]:
    """Per waypoint the tracks that may stand for it. A track is offered only where it is nearest to the waypoint."""
    ends = {start.track.track_id, end.track.track_id}
    offered: dict[str, tuple[float, int, IndexedTrack]] = {}
    for number, waypoint in enumerate(waypoints(start.vector, end.vector, steps)):
        for neighbour in searcher.search(waypoint, _CANDIDATES, exclude=ends):
            known = offered.get(neighbour.track.track_id)
            if known is None or neighbour.similarity > known[0]:
                offered[neighbour.track.track_id] = neighbour.similarity, number, neighbour.track
    layers: list[list[Seed]] = [[] for _ in range(steps)]
    taken = {_recording(start.track), _recording(end.track)}
    for _, number, track in sorted(offered.values(), key=lambda offer: (-offer[0], offer[2].track_id)):
        vector = searcher.vector(track.track_id)
        if vector is not None and _recording(track) not in taken:
            taken.add(_recording(track))
            layers[number].append(Seed(track, vector))
    return [layer for layer in layers if layer]


def _recording(track: IndexedTrack) -> tuple[str, frozenset[str]] | str:
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


def _shortest(start: Seed, layers: Sequence[Sequence[Seed]], end: Seed) -> list[Seed]:
    """One seed per layer such that the squared leaps (1 - cosine) are least in sum."""
    costs: list[npt.NDArray[np.float64]] = [np.zeros(1)]
    choices: list[npt.NDArray[np.intp]] = []
    stages = [[start], *layers, [end]]
    for before, after in itertools.pairwise(stages):
        leaps = 1 - np.stack([seed.vector for seed in before]) @ np.stack([seed.vector for seed in after]).T
        total = costs[-1][:, None] + leaps.astype(np.float64) ** 2
        choices.append(total.argmin(axis=0))
        costs.append(total.min(axis=0))
    chosen: list[Seed] = []
    position = 0
    for stage, choice in zip(reversed(stages[:-1]), reversed(choices), strict=True):
        position = int(choice[position])
        chosen.append(stage[position])
    return chosen[::-1][1:]
