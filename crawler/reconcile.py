"""Gives back what was lost: crawls whose next step nobody works on, pending tracks and previews without a message.

Messages do not get lost; but services are away for days, code has defects, and people purge queues. So nothing is
counted or compared here: what has been quiet for too long gets a message again, and what has been quiet for longer than
any message lives gets its end. A duplicate changes nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from aws_lambda_powertools.metrics import MetricUnit

from earshot.clock import Timestamp, seconds_until
from earshot.crawls import CrawlSummary
from earshot.errors import CrawlAborted
from earshot.ids import TrackId
from earshot.messages import FetchPreview
from earshot.reasons import Reason
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.message_queue import MessageQueue
from earshot.stores.previews_bucket import PreviewsBucket
from earshot.stores.scan_positions import ScanPositions
from earshot.stores.tracks_table import TracksTable
from earshot.telemetry import emit, logger
from earshot.uploads import PreviewUploaded

_HOUR_S = 3600.0
_DAY_S = 24 * _HOUR_S


@dataclass(frozen=True, slots=True)
class Patience:
    """After how many seconds of quiet something is overdue and gets its message again, and after how many it ends."""

    crawl_s: float = _HOUR_S
    track_s: float = 12 * _HOUR_S
    last_crawl_s: float = 2 * _DAY_S
    last_track_s: float = 15 * _DAY_S  # a queue keeps a message for 14 days at most


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What got a message again: crawls, tracks for the extractor, tracks for the crawler; and how many were ended."""

    crawls: int = 0
    to_extract: Sequence[TrackId] = ()
    to_fetch: Sequence[TrackId] = ()
    ended: int = 0


@dataclass(frozen=True, slots=True)
class Reconcile:
    """What giving back works with. `position`: where a scan of the tracks goes on, if need be."""

    tracks: TracksTable
    crawls: CrawlsTable
    previews: PreviewsBucket
    crawl_queue: MessageQueue
    fetch_queue: MessageQueue
    extract_queue: MessageQueue
    position: ScanPositions
    upload_of: Callable[[TrackId], PreviewUploaded]
    patience: Patience = Patience()

    def resume_crawls(self) -> GivenBack:
        """Send the next message of every crawl that should have gone on long ago; end those that never will."""
        resumed = ended = 0
        for summary in self.crawls.list(None):
            if summary.finished or summary.step is None or summary.due is None:
                continue
            if _quiet_s(summary.due) > self.patience.last_crawl_s:
                self.crawls.finish(summary.crawl_id, CrawlAborted("reading the playlist was not gone on with"))
                ended += 1
            elif _quiet_s(_last_sent(summary)) > self.patience.crawl_s and self.crawls.resume(summary):
                self.crawl_queue.send(summary.step)
                resumed += 1
        emit("CrawlsResumed", resumed)
        return GivenBack(crawls=resumed, ended=ended)

    def give_back_tracks(self, *, time_is_up: Callable[[], bool] | None = None) -> GivenBack:
        """Give every preview and every pending track that has waited quietly for too long a message.

        Tracks that have waited for ever are given up. Where time may be up before all have been looked at, the next
        such call goes on there; without `time_is_up` all are.
        """
        held = dict(self.previews.held())
        quiet = [track_id for track_id, since in held.items() if _quiet_s(since) > self.patience.track_s]
        self.extract_queue.send_all([self.upload_of(track_id) for track_id in quiet])
        fetched: list[TrackId] = []
        ended, oldest_s = 0, 0.0
        for page in self.tracks.pending(self.position.get() if time_is_up else None):
            lost: list[TrackId] = []
            for track in page.tracks:
                if track.track_id in held:
                    continue
                if _quiet_s(track.since) > self.patience.last_track_s:
                    ended += self.tracks.mark_no_preview(track.track_id, reason=Reason.INTERNAL_ERROR)
                elif _quiet_s(track.quiet_since) > self.patience.track_s:
                    lost.append(track.track_id)
            self.fetch_queue.send_all([FetchPreview(track_id) for track_id in lost])
            fetched += lost
            oldest_s = max([oldest_s, *(_quiet_s(track.since) for track in page.tracks)])
            if time_is_up:
                self.position.put(page.last)  # not before its tracks have their messages
                if page.last and time_is_up():
                    logger().info("the rest of the tracks is looked at the next time", after=page.last)
                    break
        emit("TracksGivenBack", len(quiet) + len(fetched))
        emit("OldestPendingSeconds", oldest_s, MetricUnit.Seconds)
        return GivenBack(to_extract=quiet, to_fetch=fetched, ended=ended)

    def at_once(self) -> "Reconcile":
        """The same without any patience: for when it is known that messages were lost."""
        return replace(self, patience=Patience(crawl_s=0.0, track_s=0.0))


def _last_sent(summary: CrawlSummary) -> Timestamp:
    return max(filter(None, (summary.due, summary.resumed)))


def _quiet_s(since: Timestamp) -> float:
    return -seconds_until(since) if since else float("inf")
