"""From what a caller names to what the index knows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from api.answers.query import Seed
from earshot.errors import EarshotError, InvalidTrackId, TrackNotFound, TrackNotReady
from earshot.ids import TrackId, parse_track_id
from earshot.index.searcher import Searcher
from earshot.track import Status, Track

LookUp = Callable[[TrackId], Track | None]
"""What is known of a track, whether or not the index holds it."""

_HINTS = {
    Status.PENDING: "It waits for its preview or its embedding; ask again in a minute.",
    Status.READY: "It has its embedding and waits for the next index version; ask again in a minute.",
    Status.NO_PREVIEW: "No provider has a preview of it, so it cannot be heard.",
    Status.FAILED: "Its preview could not be used; docs/errors.md explains the reason.",
}


def seed_of(searcher: Searcher, look_up: LookUp, track_id: TrackId, weight: float = 1.0) -> Seed:
    """The track as the index has it.

    Raises:
        TrackNotFound: nobody crawled it.
        TrackNotReady: known, but not in the index.
    """
    found, vector = searcher.row(track_id), searcher.vector(track_id)
    if found is not None and vector is not None:
        return Seed(found, vector, weight)
    known = look_up(track_id)
    if known is None:
        raise TrackNotFound(f"no track {track_id}")
    raise TrackNotReady(
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


def seeds_of_playlist(searcher: Searcher, look_up: LookUp, texts: Sequence[str]) -> tuple[list[Seed], list[Skipped]]:
    """The playlist's tracks, later ones weighing more (from 1/2 to 1), and those that cannot take part, with reasons.

    `texts` are ids, URIs or URLs.

    Raises:
        EarshotError: of the first track, when none can take part.
    """
    seeds: dict[str, Seed] = {}
    skipped: list[Skipped] = []
    for text in texts:
        try:
            seed = seed_of(searcher, look_up, parse_track_id(text))
        except (InvalidTrackId, TrackNotFound, TrackNotReady) as error:
            skipped.append(Skipped(text, error))
        else:
            seeds[seed.track.track_id] = seed
    if not seeds and skipped:
        raise skipped[0].error
    weighted = [
        replace(seed, weight=0.5 + 0.5 * (number + 1) / len(seeds)) for number, seed in enumerate(seeds.values())
    ]
    return weighted, skipped
