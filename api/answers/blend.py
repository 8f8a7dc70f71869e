"""One order from the scores of several spaces."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import chain
from math import inf
from typing import NamedTuple

from api.answers.query import Query
from api.answers.spaces import Candidate, Sound
from earshot.index.rows import IndexedTrack

Scoring = Callable[[Sequence[str]], Sequence[float]]


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


def best(sound: Sound, query: Query, k: int, *, exclude: Collection[str], least: float = -inf) -> Offers:
    """Tracks by the weighted mean of their scores, less what dampens them, out of the `k` best of each space.

    None is less similar than `least`. Whatever none of the spaces has named scores at most what the last of their lists
    score together; what scores less than that is held back (Fagin's threshold algorithm). So more comes with a greater
    `k`, and never in between.
    """
    heard = sound.candidates(query.points, k, exclude=exclude)
    lists = [heard, *(part.question.candidates(k, exclude=exclude) for part in query.others)]
    complete = len(heard) < k or heard[-1].score < least
    tracks = _tracks(sound, lists)
    scores = [_completed(heard, tracks, lambda missing: sound.scores(query.points, missing))]
    scores += [
        _completed(found, tracks, part.question.scores) for part, found in zip(query.others, lists[1:], strict=True)
    ]
    given = [query.sound_weight, *(part.weight for part in query.others)]
    weights = [weight / sum(given) for weight in given]
    bound = sum(
        weight * (found[-1].score if len(found) == k else 0.0) for weight, found in zip(weights, lists, strict=True)
    )
    offers = [
        Offer(track, sum(weight * of[track_id] for weight, of in zip(weights, scores, strict=True)), similarity)
        for track_id, track in tracks.items()
        if (similarity := scores[0][track_id]) >= least
    ]
    if query.dampened:
        offers = [_dampened(offer, query) for offer in offers]
    offers.sort(key=lambda offer: (-offer.score, offer.track.track_id))
    return Offers(offers if complete else [offer for offer in offers if offer.score >= bound], complete)


def _dampened(offer: Offer, query: Query) -> Offer:
    return offer._replace(score=offer.score - query.dampened.get(offer.track.track_id, 0.0))


def _tracks(sound: Sound, lists: Sequence[Sequence[Candidate]]) -> dict[str, IndexedTrack]:
    """Every candidate by id; without those that may not be among the results."""
    tracks: dict[str, IndexedTrack] = {}
    for candidate in chain.from_iterable(lists):
        if candidate.track_id not in tracks:
            track = candidate.track or sound.track(candidate.track_id)
            if track is not None:
                tracks[candidate.track_id] = track
    return tracks


def _completed(found: Sequence[Candidate], tracks: Collection[str], ask: Scoring) -> dict[str, float]:
    """The score of every track in the space that has `found` some of them."""
    scores = {candidate.track_id: candidate.score for candidate in found}
    missing = [track_id for track_id in tracks if track_id not in scores]
    return scores | dict(zip(missing, ask(missing), strict=True)) if missing else scores
