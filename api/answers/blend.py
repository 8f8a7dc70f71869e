"""One order from the scores of several spaces."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import inf
from typing import NamedTuple

from api.answers.query import Query
from api.answers.spaces import SoundSpace
from earshot.index.rows import IndexedTrack

_LEAST_DEPTH, _DEEPER = 64, 8
"""Naming tracks costs little in a space that has added up all it knows; what costs is asking again."""


class Offer(NamedTuple):
    """A track for the results: `score` orders, `similarity` is its cosine of sound to the query."""

    track: IndexedTrack
    score: float
    similarity: float


@dataclass(frozen=True, slots=True)
class Offers:
    """The best tracks there are, best first, ties by track id; all of them when `complete`."""

    offers: Sequence[Offer]
    complete: bool


def best(sound: SoundSpace, query: Query, k: int, *, exclude: Collection[str], least: float = -inf) -> Offers:
    """The `k` best tracks by the weighted mean of their scores, less what dampens them; none less similar than `least`.

    The other spaces are asked for more until nothing that they have not named can be among these. What sound has not
    named either scores at most what the last of all lists score together; what scores less than that is held back
    (Fagin's threshold algorithm). So more comes with a greater `k`, and never in between.
    """
    heard = sound.candidates(query.points, k, exclude=exclude)
    complete = len(heard) < k or heard[-1].score < least
    shares = _Shares(query)
    similarities = {candidate.track_id: candidate.score for candidate in heard}
    scores = shares.scores(similarities)
    bound = shares.sound * heard[-1].score if heard else -inf
    depth = max(k, _LEAST_DEPTH)
    while query.others and not complete:
        lists = [part.question.candidates(depth, exclude=exclude) for part in query.others]
        named = {candidate.track_id: None for candidate in chain.from_iterable(lists)}
        similarities |= sound.cosines(query.points, [one for one in named if one not in similarities])
        scores = shares.scores(similarities)
        rest = shares.of_the_rest([found[-1].score if len(found) == depth else 0.0 for found in lists])
        bound = shares.sound * heard[-1].score + rest
        kept = sorted((score for track_id, score in scores.items() if similarities[track_id] >= least), reverse=True)
        if not rest or (len(kept) >= k and kept[k - 1] >= bound):
            break
        depth *= _DEEPER
    order = sorted(
        ((-score, track_id) for track_id, score in scores.items() if similarities[track_id] >= least),
    )
    if not complete:
        order = [(minus, track_id) for minus, track_id in order[:k] if -minus >= bound]
    shown = {candidate.track_id: candidate.track for candidate in heard}
    tracks = ((minus, track_id, shown.get(track_id) or sound.track(track_id)) for minus, track_id in order)
    return Offers(
        [Offer(track, -minus, similarities[track_id]) for minus, track_id, track in tracks if track is not None],
        complete,
    )


class _Shares:
    """How much each space counts, of 1 in all."""

    def __init__(self, query: Query) -> None:
        total = query.sound_weight + sum(part.weight for part in query.others)
        self.sound = query.sound_weight / total
        self._others = [(part.question, part.weight / total) for part in query.others]
        self._dampened = query.dampened

    def scores(self, similarities: Mapping[str, float]) -> dict[str, float]:
        """Of tracks by their similarities."""
        track_ids = list(similarities)
        totals = [self.sound * similarity for similarity in similarities.values()]
        for question, share in self._others:
            totals = [total + share * score for total, score in zip(totals, question.scores(track_ids), strict=True)]
        if self._dampened:
            totals = [
                total - self._dampened.get(track_id, 0.0) for total, track_id in zip(totals, track_ids, strict=True)
            ]
        return dict(zip(track_ids, totals, strict=True))

    def of_the_rest(self, last: Sequence[float]) -> float:
        """What tracks that the other spaces have not named score in these at most."""
        return sum(share * max(0.0, score) for (_, share), score in zip(self._others, last, strict=True))
