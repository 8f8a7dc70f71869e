"""One order from the scores of several spaces."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain
from math import inf
from typing import NamedTuple

from api.answers.query import Query
from api.answers.spaces import Candidate, Part, Sound
from earshot.index.rows import IndexedTrack


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
    """Tracks by the weighted mean of their scores, out of the `k` best of each space; none less similar than `least`.

    Whatever none of the spaces has named scores at most what the last of their lists score together; what scores less
    than that is held back (Fagin's threshold algorithm). So more comes with a greater `k`, and never in between.
    """
    parts = (Part(sound, query.sound, query.sound_weight), *query.others)
    lists = [part.space.candidates(part.vector, k, exclude=exclude) for part in parts]
    heard = lists[0]
    complete = len(heard) < k or heard[-1].score < least
    tracks = _tracks(sound, lists)
    scores = [_scores(part, found, tracks) for part, found in zip(parts, lists, strict=True)]
    weights = [part.weight / sum(part.weight for part in parts) for part in parts]
    bound = sum(
        weight * (found[-1].score if len(found) == k else 0.0) for weight, found in zip(weights, lists, strict=True)
    )
    offers = [
        Offer(track, sum(weight * of[track_id] for weight, of in zip(weights, scores, strict=True)), similarity)
        for track_id, track in tracks.items()
        if (similarity := scores[0][track_id]) >= least
    ]
    offers.sort(key=lambda offer: (-offer.score, offer.track.track_id))
    return Offers(offers if complete else [offer for offer in offers if offer.score >= bound], complete)


def _tracks(sound: Sound, lists: Sequence[Sequence[Candidate]]) -> dict[str, IndexedTrack]:
    """Every candidate by id; without those that may not be among the results."""
    tracks: dict[str, IndexedTrack] = {}
    for candidate in chain.from_iterable(lists):
        if candidate.track_id not in tracks:
            track = candidate.track or sound.track(candidate.track_id)
            if track is not None:
                tracks[candidate.track_id] = track
    return tracks


def _scores(part: Part, found: Sequence[Candidate], tracks: Collection[str]) -> dict[str, float]:
    """The score of every track in the space of `part`."""
    scores = {candidate.track_id: candidate.score for candidate in found}
    missing = [track_id for track_id in tracks if track_id not in scores]
    return scores | dict(zip(missing, part.space.scores(part.vector, missing), strict=True)) if missing else scores
