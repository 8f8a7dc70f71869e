"""How a crawl and the search for a preview end when no try has come to an end of its own."""

from earshot.errors import CrawlAborted
from earshot.ids import TrackId
from earshot.messages import CrawlPlaylist
from earshot.reasons import Reason
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.previews_bucket import PreviewsBucket
from earshot.stores.tracks_table import TracksTable
from earshot.telemetry import emit
from earshot.track import Status


def give_up_crawl(crawls: CrawlsTable, message: CrawlPlaylist, why: str) -> None:
    """End the crawl. A message whose step is done was a duplicate, and ends nothing."""
    if not crawls.is_step_finished(message.crawl_id, message.cursor):
        crawls.finish(message.crawl_id, CrawlAborted(f"reading the playlist failed every time: {why}"))


def give_up_preview(
    tracks: TracksTable, previews: PreviewsBucket, track_id: TrackId, reason: Reason = Reason.INTERNAL_ERROR
) -> None:
    """The track goes without a preview, unless it has got one after all."""
    track = tracks.get(track_id)
    if track is not None and track.status is Status.PENDING and not previews.exists(track_id):
        tracks.mark_no_preview(track_id, reason=reason)
        emit("TracksWithoutPreview", reason=reason)
