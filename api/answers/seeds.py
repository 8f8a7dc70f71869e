"""From what a caller names to what the index knows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from api.answers.query import Seed
from earshot.errors import EarshotError, InvalidTrackId, TrackNotFound, TrackNotReady
from earshot.ids import TrackId, parse_track_id
from earshot.index.neighbours import Neighbours
from earshot.track import Status, Track

LookUp = Callable[[TrackId], Track | None]
"""What is known of a track, whether or not the index holds it."""

LookUpMany = Callable[[Iterable[TrackId]], Mapping[TrackId, Track]]
"""The same of several tracks at once, by the ids that are asked for; what is not known is left out."""
LOOKED_UP = 50
"""Tracks of a playlist that are looked up because the index lacks them; of more it is only said that it does."""

_HINTS = {
    Status.PENDING: "It waits for its preview or its embedding; ask again in a minute.",
    Status.READY: "It has its embedding and waits for the next index version; ask again in a minute.",
    Status.NO_PREVIEW: "No provider has a preview of it, so it cannot be heard.",
    Status.FAILED: "Its preview could not be used; docs/errors.md explains the reason.",
}


def seed_of(searcher: Neighbours, look_up: LookUp, track_id: TrackId, weight: float = 1.0) -> Seed:
    """The track as the index has it.

    Raises:
        TrackNotFound: nobody crawled it.
        TrackNotReady: known, but not in the index.
    """
    seed = _in_index(searcher, track_id, weight)
    if seed is None:
        known = look_up(track_id)
        seed = _in_index(searcher, known.track_id, weight) if known else None  # it may have got another id
        if seed is None:
            raise _absence(track_id, known)
    return seed


def _in_index(searcher: Neighbours, track_id: TrackId, weight: float = 1.0) -> Seed | None:
    found, vector = searcher.row(track_id), searcher.vector(track_id)
    return None if found is None or vector is None else Seed(found, vector, weight)


def _all_in_index(searcher: Neighbours, track_ids: Sequence[TrackId]) -> dict[TrackId, Seed | None]:
    vectors, is_there = searcher.vectors(track_ids)
    found: dict[TrackId, Seed | None] = dict.fromkeys(track_ids)
    for track_id, vector, known in zip(track_ids, vectors, is_there, strict=True):
        row = searcher.row(track_id) if known else None
        found[track_id] = None if row is None else Seed(row, vector)
    return found


def _absence(track_id: TrackId, known: Track | None) -> TrackNotFound | TrackNotReady:
    if known is None:
        return TrackNotFound(f"no track {track_id}")
    return TrackNotReady(
        f"track {track_id} is {known.status.value}, not in the index",
        status=known.status.value,
        reason=known.reason,
        hint=_HINTS[known.status],
    )


@dataclass(frozen=True, slots=True)
class Skipped:
    """What a playlist names that cannot take part, and why."""

    text: str
    error: EarshotError


def seeds_of_playlist(
    searcher: Neighbours, look_up: LookUpMany, texts: Sequence[str]
) -> tuple[list[Seed], list[Skipped]]:
    """The playlist's tracks, later ones weighing more (from 1/2 to 1), and those that cannot take part, with reasons.

    `texts` are ids, URIs or URLs. Of those that the index lacks the first `LOOKED_UP` are looked up, all at once.

    Raises:
        EarshotError: of the first track, when none can take part.
    """
    named = [(text, _parsed(text)) for text in texts]
    found = _all_in_index(searcher, [track_id for _, track_id in named if isinstance(track_id, str)])
    absent = list(islice((track_id for track_id, seed in found.items() if seed is None), LOOKED_UP))
    known = look_up(absent) if absent else {}
    other = _all_in_index(searcher, [track.track_id for track in known.values()])
    found |= {track_id: other[track.track_id] for track_id, track in known.items()}
    seeds: dict[str, Seed] = {}
    skipped: list[Skipped] = []
    for text, track_id in named:
        if isinstance(track_id, InvalidTrackId):
            skipped.append(Skipped(text, track_id))
        elif seed := found[track_id]:
            seeds[seed.track.track_id] = seed
        elif track_id in absent:
            skipped.append(Skipped(text, _absence(track_id, known.get(track_id))))
        else:
            skipped.append(Skipped(text, _unknown(track_id)))
    if not seeds and skipped:
        raise skipped[0].error
    weighted = [
        replace(seed, weight=0.5 + 0.5 * (number + 1) / len(seeds)) for number, seed in enumerate(seeds.values())
    ]
    return weighted, skipped


def _parsed(text: str) -> TrackId | InvalidTrackId:
    try:
        return parse_track_id(text)
    except InvalidTrackId as error:
        return error


def _unknown(track_id: TrackId) -> TrackNotReady:
    return TrackNotReady(
        f"track {track_id} is not in the index",
        status="not looked up",
        hint=f"GET /tracks/{{id}} says more; of a playlist the first {LOOKED_UP} such tracks are looked up.",
    )
