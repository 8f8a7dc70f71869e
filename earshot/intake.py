"""How work enters Earshot: what the API and the command line call to have something crawled."""

import time

from earshot.clock import now_iso
from earshot.crawls import CrawlProgress
from earshot.errors import TrackNotFound, TrackNotReady
from earshot.ids import CrawlId, TrackId, parse_track_id, source_of
from earshot.messages import CountCrawl, CrawlPlaylist, FetchPreview
from earshot.playlists import PlaylistRef
from earshot.reasons import Reason
from earshot.sources import SOURCES, Can
from earshot.stores.crawls_table import CrawlsTable, new_crawl_id
from earshot.stores.message_queue import MessageQueue
from earshot.stores.tracks_table import TracksTable
from earshot.track import Status, Track, TrackInfo

_POLL_S = 0.1
_HINTS: dict[Reason | None, str] = {
    Reason.PROVIDER_OFF: "Its source is switched off here: docs/sources.md, EARSHOT_PROVIDERS.",
    Reason.REFUSED: "Its provider refused to say what it is: docs/sources.md tells how to log in.",
}


def start_crawl(
    playlist: PlaylistRef,
    *,
    crawls: CrawlsTable,
    crawl_queue: MessageQueue,
    remove_missing: bool = False,
    agreed: int = 0,
    only_new: bool = False,
    crawl_id: CrawlId | None = None,
) -> CrawlId:
    """Have `playlist` crawled; with `remove_missing` tracks that have left it since earlier crawls are removed.

    `agreed`, `only_new`: see `CrawlPlaylist`. `crawl_id`: of a crawl that was lost and begins anew.

    The message goes out first: a process that dies between the two steps leaves a crawl that runs and lists itself,
    never one that is listed and does not run.

    Returns:
        The crawl's id.
    """
    crawl_id = crawl_id or new_crawl_id()
    message = CrawlPlaylist(
        crawl_id=crawl_id,
        playlist=playlist.text,
        only_new=only_new,
        remove_missing=remove_missing,
        agreed=agreed,
    )
    crawl_queue.send(message)
    crawls.start(message)
    return crawl_id


def follow_crawl(crawl_id: str, *, crawls: CrawlsTable, crawl_queue: MessageQueue) -> CrawlProgress:
    """How far a crawl had come when it was last counted: what `GET /crawls/{id}` shows.

    It costs one read, however large the crawl is and however often somebody looks. Where it is time, the crawler is
    asked to count again: every two seconds at most, every hundred for ten thousand entries, never when it is done.

    Raises:
        CrawlNotFound: there is no such crawl.
    """
    progress = crawls.progress(crawl_id)
    if progress.is_due and crawls.claim_count(progress):
        crawl_queue.send(CountCrawl(progress.summary.crawl_id, now_iso()))
    return progress


def request_track(
    track_id: str, *, tracks: TracksTable, fetch_queue: MessageQueue, model: str | None = None, wait_s: float = 0.0
) -> Track:
    """Have one track fetched, whether or not it is known: what `PUT /tracks/{id}` does.

    Who asks cannot ask providers (services do not import each other, and only the crawler has credentials). So the
    track is registered as pending and a `FetchPreview` message is sent; the crawler looks the id up, and what it finds
    is the track's state: pending (accepted), ready, or why not. With `wait_s` the state is watched for that long, so
    that a caller who can afford a second or two gets the provider's no at once; without, the next request gets it.

    A track that was given up is tried again when it is asked for, unless its provider does not know it; one that
    somebody removed comes back.

    Args:
        track_id: an id, URI or URL.
        model: the network in use; None: a track that is ready in any is ready.
        wait_s: longest time to watch a pending track.

    Returns:
        The track, ready or pending.

    Raises:
        InvalidTrackId: not an id.
        TrackNotFound: its provider knows no such track; or its source cannot be asked, and only a crawl finds it.
        TrackNotReady: there is no preview to be had, or it cannot be heard; with the track's status and reason.
    """
    canonical = parse_track_id(track_id)
    track = tracks.get(canonical)
    if track is None:
        can_be_asked = Can.LOOK_UP in SOURCES[source_of(canonical)].can
        is_new = can_be_asked and tracks.register(TrackInfo(track_id=canonical, source=source_of(canonical)))
        if not is_new and not tracks.restore(canonical) and not can_be_asked:
            raise TrackNotFound(f"no track {canonical}")
    elif (canonical := track.track_id) and track.status is Status.READY and track.model == (model or track.model):
        return track
    elif track.status in (Status.NO_PREVIEW, Status.FAILED):
        if track.reason is Reason.NOT_FOUND:
            raise _refusal(track)
        tracks.reopen(canonical)
    fetch_queue.send(FetchPreview(canonical, now=True))
    track = _watched(canonical, tracks, wait_s)
    if track.status in (Status.NO_PREVIEW, Status.FAILED):
        raise _refusal(track)
    return track


def _watched(track_id: TrackId, tracks: TracksTable, wait_s: float) -> Track:
    """The track as soon as it is no longer pending, or as it is after `wait_s`."""
    deadline = time.monotonic() + wait_s
    while True:
        track = tracks.get(track_id) or Track(TrackInfo(track_id, source_of(track_id)))
        if track.status is not Status.PENDING or time.monotonic() + _POLL_S > deadline:
            return track
        time.sleep(_POLL_S)


def _refusal(track: Track) -> TrackNotFound | TrackNotReady:
    if track.reason is Reason.NOT_FOUND:
        return TrackNotFound(f"{track.info.source} knows no track {track.track_id}", hint="Check the id.")
    return TrackNotReady(
        f"{track.track_id} cannot be had: {track.reason}",
        status=track.status.value,
        reason=track.reason,
        hint=_HINTS.get(track.reason, "docs/errors.md explains the reasons."),
    )
