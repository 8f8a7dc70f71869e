"""From what a caller names to what the index knows."""

from earshot.index.reader import IndexedTrack, Searcher

from earshot.errors import TrackNotFound, TrackNotReady
from earshot.track import Status
from earshot.track_id import parse_track_id
from earshot.tracks_table import TracksTable

_HINTS = {
    Status.PENDING: "It waits for its preview or its embedding; ask again in a minute.",
    Status.READY: "It has its embedding and waits for the next index version; ask again in a minute.",
    Status.NO_PREVIEW: "No provider has a preview of it, so it cannot be heard.",
    Status.FAILED: "Its preview could not be used; see docs/errors.md for the reason code.",
}


def indexed_track(searcher: Searcher, tracks: TracksTable, text: str) -> IndexedTrack:
    """The track that `text` (id, URI or URL) names, as the index has it.

    Raises:
        InvalidTrackId: `text` is no track id.
        TrackNotFound: nobody crawled it.
        TrackNotReady: known, but not in the index.
    """
    track_id = parse_track_id(text)
    if found := searcher.row(track_id):
        return found
    known = tracks.get(track_id)
    if known is None:
        raise TrackNotFound(f"no track {track_id}")
    raise TrackNotReady(
        f"track {track_id} is {known.status}, not in the index",
        status=known.status,
        reason=known.reason,
        hint=_HINTS[known.status],
    )
