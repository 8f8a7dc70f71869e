"""From what a caller names to what the index knows."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from api.contract import Skipped
from api.ranking import Seed
from earshot.errors import EarshotError, InvalidTrackId, TrackNotFound, TrackNotReady
from earshot.index.searcher import Searcher
from earshot.track import Status
from earshot.track_id import parse_track_id
from earshot.tracks_table import TracksTable

_HINTS = {
    Status.PENDING: "It waits for its preview or its embedding; ask again in a minute.",
    Status.READY: "It has its embedding and waits for the next index version; ask again in a minute.",
    Status.NO_PREVIEW: "No provider has a preview of it, so it cannot be heard.",
    Status.FAILED: "Its preview could not be used; docs/errors.md explains the reason.",
}


def seed_of(searcher: Searcher, tracks: TracksTable, text: str, weight: float = 1.0) -> Seed:
    """The track that `text` (id, URI or URL) names, as the index has it.

    Raises:
        InvalidTrackId: `text` is no track id.
        TrackNotFound: nobody crawled it.
        TrackNotReady: known, but not in the index.
    """
    track_id = parse_track_id(text)
    found, vector = searcher.row(track_id), searcher.vector(track_id)
    if found is not None and vector is not None:
        return Seed(found, vector, weight)
    known = tracks.get(track_id)
    if known is None:
        raise TrackNotFound(f"no track {track_id}")
    raise TrackNotReady(
        f"track {track_id} is {known.status.value}, not in the index",
        status=known.status.value,
        reason=known.reason,
        hint=_HINTS[known.status],
    )


def seeds_of_playlist(
    searcher: Searcher, tracks: TracksTable, texts: Sequence[str]
) -> tuple[list[Seed], list[Skipped]]:
    """The playlist's tracks, later ones weighing more (from 1/2 to 1), and those that cannot take part, with reasons.

    Raises:
        EarshotError: of the first track, when none can take part.
    """
    seeds: dict[str, Seed] = {}
    skipped: list[Skipped] = []
    first: EarshotError | None = None
    for text in texts:
        try:
            seed = seed_of(searcher, tracks, text)
        except (InvalidTrackId, TrackNotFound, TrackNotReady) as error:
            first = first or error
            skipped.append(Skipped(track_id=text[:80], code=error.code, message=error.message))
        else:
            seeds[seed.track.track_id] = seed
    if not seeds and first is not None:
        raise first
    weighted = [
        replace(seed, weight=0.5 + 0.5 * (number + 1) / len(seeds)) for number, seed in enumerate(seeds.values())
    ]
    return weighted, skipped


def canonical(texts: Iterable[str]) -> frozenset[str]:
    """Canonical ids of `texts`.

    Raises:
        InvalidTrackId: one of them is no track id.
    """
    return frozenset(map(parse_track_id, texts))
