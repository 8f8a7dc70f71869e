"""What a listener leans towards: their plays, what they love and what they have long played, as tracks with weights."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from api.answers.query import Seed, combined
from earshot.embedding import Vector
from earshot.errors import InvalidInput
from earshot.ids import TrackId
from earshot.index.neighbours import Neighbours
from earshot.plays import Play
from earshot.stores.listeners_table import Listener, Opinion

FOLDED_IN = 50
"""Plays that count, at most: more cost time and say little (the half-life is far shorter)."""
_SKIPPED = -0.5
_LOVED, _MOST_LOVED = 0.5, 50
_TASTE, _TASTE_TRACKS = 4.0, 50
"""Of all that was played long ago together: about as much as the last four plays, so that it speaks if they are few."""
_ALIKE = 0.7
"""Cosine above which two tracks are one taste: their mean is then as near as 0.92 to both, so it speaks for them."""
_MOST_POINTS = 6
_LEAST_SHARE = 0.1
"""Of the weight of the greatest taste; what has less was heard by the way."""


@dataclass(frozen=True, slots=True)
class Leaning:
    """Tracks with weights, the greatest first; negative: less of this. `plays`: how many plays they come from."""

    weights: Mapping[TrackId, float]
    plays: int

    @property
    def is_cold(self) -> bool:
        """Whether nothing is known that was liked."""
        return not any(weight > 0 for weight in self.weights.values())

    def seeds(self, searcher: Neighbours) -> list[Seed]:
        """Those that the index holds."""
        vectors, is_there = searcher.vectors(list(self.weights))
        return [
            Seed(row, vector, weight)
            for (track_id, weight), vector, known in zip(self.weights.items(), vectors, is_there, strict=True)
            if known and (row := searcher.row(track_id)) is not None
        ]


def leaning_of(listener: Listener, half_life: float, now: Collection[TrackId] = ()) -> Leaning:
    """What the listener leans towards.

    A play counts half of the one `half_life` plays later. A skip takes, unless the track was heard since. What is
    named as `now` counts as if it were played now.
    """
    weights: defaultdict[TrackId, float] = defaultdict(float, dict.fromkeys(now, 1.0))
    heard = set(weights)
    matched = [play for play in listener.recent if play.track_id is not None][:FOLDED_IN]
    for number, play in enumerate(matched):
        assert play.track_id is not None  # noqa: S101 (just looked at)
        counts = 0.5 ** ((number + bool(now)) / half_life)
        if not play.is_skip:
            weights[play.track_id] += counts
            heard.add(play.track_id)
        elif play.track_id not in heard:
            weights[play.track_id] += _SKIPPED * counts
    loved = [track_id for track_id, opinion in listener.opinions.items() if opinion is Opinion.LOVED]
    for track_id in loved[:_MOST_LOVED]:
        weights[track_id] += _LOVED
    if listener.taste:
        long_played = listener.taste.tracks[:_TASTE_TRACKS]
        total = sum(weight for _, weight in long_played)
        for track_id, weight in long_played:
            weights[track_id] += _TASTE * weight / total
    for track_id, opinion in listener.opinions.items():
        if opinion is Opinion.BANNED:
            weights.pop(track_id, None)
    ordered = sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))
    return Leaning({track_id: weight for track_id, weight in ordered if weight}, len(matched))


def skipped(plays: Sequence[Play]) -> set[TrackId]:
    """Tracks whose latest play was a skip."""
    latest: dict[TrackId, bool] = {}
    for play in plays:
        if play.track_id is not None:
            latest.setdefault(play.track_id, play.is_skip)
    return {track_id for track_id, is_skip in latest.items() if is_skip}


def points_of(seeds: Sequence[Seed]) -> tuple[Vector, ...]:
    """Unit vectors (dim,) of the tastes among the seeds, the greatest first: a listener of two kinds of music wants
    either, and their mean is neither.

    Each liked seed, the weightiest first, joins the nearest taste if that is near enough, else begins one (leader
    clustering, Hartigan 1975). Seeds that push away do so from each taste, by Rocchio's formula.
    """
    tastes: list[list[Seed]] = []
    for seed in seeds:
        if seed.weight <= 0:
            continue
        nearest = max(tastes, key=lambda taste: float(taste[0].vector @ seed.vector), default=None)
        if nearest is not None and (float(nearest[0].vector @ seed.vector) >= _ALIKE or len(tastes) == _MOST_POINTS):
            nearest.append(seed)
        else:
            tastes.append([seed])
    pushing = [seed for seed in seeds if seed.weight < 0]
    totals = [sum(seed.weight for seed in taste) for taste in tastes]
    order = [int(i) for i in np.argsort([-total for total in totals], kind="stable")]
    kept = [i for i in order if totals[i] >= _LEAST_SHARE * totals[order[0]]]
    return tuple(_point(tastes[i], pushing) for i in kept)


def _point(taste: Sequence[Seed], pushing: Sequence[Seed]) -> Vector:
    for seeds in ([*taste, *pushing], taste):
        try:
            return combined([seed.vector for seed in seeds], [seed.weight for seed in seeds])
        except InvalidInput:
            continue
    return taste[0].vector
