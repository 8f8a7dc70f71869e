"""Gives a track its preview, or the reason why it has none."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from crawler.giving_up import give_up_preview
from crawler.resolve import Found, GivenUp, Resolver
from crawler.versions import Sharing, Versions
from crawler.waiting import MAX_ATTEMPTS, Later, defer, early_by_s
from earshot.clock import now_iso
from earshot.errors import CrawlNotFound, DecoderCrashed
from earshot.ids import TrackId, parse_track_id, source_of
from earshot.messages import FetchPreview
from earshot.reasons import Reason
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.leases import Leases
from earshot.stores.message_queue import MessageQueue
from earshot.stores.previews_bucket import PreviewsBucket
from earshot.stores.tracks_table import TracksTable
from earshot.telemetry import emit
from earshot.track import Status, Track, TrackInfo
from earshot.uploads import PreviewUploaded

_BUSY_S = 15.0
_OTHER_WAITS_S = 300.0
_MOST_LOST = 3
"""So many workers may die of a track, or be ended by their time limit: as many as a file may kill decoders."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """What fetching a preview works with. `model` is the network in use."""

    tracks: TracksTable
    crawls: CrawlsTable
    previews: PreviewsBucket
    fetch_queue: MessageQueue
    fetch_now_queue: MessageQueue
    extract_now_queue: MessageQueue
    upload_of: Callable[[TrackId], PreviewUploaded]
    leases: Leases
    resolver: Resolver
    versions: Versions
    model: str

    def run(self, message: FetchPreview) -> None:
        """Store the preview of the track, unless it has one, is ready or was given up since the message was sent.

        May be repeated, and may die at any line: until the preview is stored or the reason noted, the message stays.

        Raises:
            InvalidTrackId: the message names no track.
        """
        is_cancelled = self._is_cancelled(message)
        if (early := early_by_s(message)) and not is_cancelled:
            self._queue_of(message).send(message, delay_s=early)
            return
        track_id = parse_track_id(message.track_id)
        with self.leases.hold(track_id) as lease:
            if lease is None:
                defer(message, self._queue_of(message), Later(_BUSY_S, by_provider=False))
                return
            track = self.tracks.get(track_id) if is_cancelled else self._track(track_id)
            if track is None:
                return
            if track.reason is Reason.CANCELLED and not is_cancelled and self.tracks.reopen(track_id):
                track = replace(track, status=Status.PENDING)
            if not self._needs_preview(track):
                return
            if is_cancelled:
                self._give_up(track_id, Reason.CANCELLED)
                return
            if lease.lost >= _MOST_LOST:
                self._give_up(track_id, Reason.TIMED_OUT)
                return
            self._fetch(track.info, message)

    def give_up(self, message: FetchPreview, error: Exception) -> None:
        """It failed too often."""
        reason = error.reason if isinstance(error, DecoderCrashed) else Reason.INTERNAL_ERROR
        give_up_preview(self.tracks, self.previews, parse_track_id(message.track_id), reason)

    def _is_cancelled(self, message: FetchPreview) -> bool:
        """Whether the crawl that wants the track is cancelled. Others that want it have asked for it themselves."""
        if message.crawl_id is None:
            return False
        try:
            return self.crawls.summary(message.crawl_id).cancelled is not None
        except CrawlNotFound:
            return False

    def _queue_of(self, message: FetchPreview) -> MessageQueue:
        return self.fetch_now_queue if message.now else self.fetch_queue

    def _track(self, track_id: TrackId) -> Track | None:
        """The track, which is made anew where the table has lost it; None: somebody removed it."""
        track = self.tracks.get(track_id)
        if track is None:
            track = Track(TrackInfo(track_id=track_id, source=source_of(track_id)))
            if not self.tracks.register(track.info):
                return self.tracks.get(track_id)  # or somebody else was quicker
        return track

    def _needs_preview(self, track: Track) -> bool:
        if track.status is Status.READY:
            return track.model != self.model and not self.previews.exists(track.track_id)
        return track.status is Status.PENDING and not self.previews.exists(track.track_id)

    def _fetch(self, known: TrackInfo, message: FetchPreview) -> None:
        fetched_at = now_iso()
        info = self.resolver.describe(known)
        if not isinstance(info, TrackInfo):
            self._go_without(known.track_id, message, info)
            return
        if info != known:
            self.tracks.register(info)
        sharing = self.versions.share(info)
        if sharing is Sharing.SHARED:
            return
        outcome = _wait_for_other(sharing, message) or self.resolver.find(info, message.outcomes or {})
        if isinstance(outcome, Found):
            if (completed := outcome.completed(info)) != info:
                self.tracks.register(completed)
            self.previews.put(completed, outcome.audio, provider=outcome.provider, fetched_at=fetched_at)
            emit("PreviewsFetched")
            if (
                message.now
            ):  # S3 tells the other queue, where a crawl may stand before it: the extractor minds no second
                self.extract_now_queue.send(self.upload_of(info.track_id))
        else:
            self._go_without(info.track_id, message, outcome)

    def _go_without(self, track_id: TrackId, message: FetchPreview, outcome: GivenUp | Later) -> None:
        if isinstance(outcome, GivenUp):
            self._give_up(track_id, outcome.reason)
            return
        told = replace(message, outcomes=dict(outcome.outcomes) or message.outcomes)
        until = defer(told, self._queue_of(told), outcome)
        if until is None:
            self._give_up(track_id, Reason.UNAVAILABLE)
        elif outcome.seconds is not None:
            if outcome.by_provider:
                emit("ProviderThrottled")
            self.tracks.mark_waiting(track_id, reason=Reason.THROTTLED)
            if message.crawl_id:
                self.crawls.wait_until(message.crawl_id, until)

    def _give_up(self, track_id: TrackId, reason: Reason) -> None:
        self.tracks.mark_no_preview(track_id, reason=reason)
        emit("TracksWithoutPreview", reason=reason)


def _wait_for_other(sharing: Sharing, message: FetchPreview) -> Later | None:
    """The wait for the same recording under another id, while there is patience left."""
    if sharing is Sharing.THROTTLED:
        return Later(_OTHER_WAITS_S, by_provider=False)
    return Later() if sharing is Sharing.LATER and message.attempt + 1 < MAX_ATTEMPTS else None
