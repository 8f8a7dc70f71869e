"""Gives a track its preview, or the reason why it has none."""

from dataclasses import dataclass, replace

from crawler.lease import Leases
from crawler.resolve import Resolver, with_origin
from crawler.versions import Sharing, Versions
from crawler.waiting import MAX_ATTEMPTS, defer, defer_after, is_early
from earshot.crawls_table import CrawlsTable
from earshot.errors import NoPreview, ProviderThrottled, ProviderUnavailable
from earshot.message_queue import MessageQueue
from earshot.messages import FetchPreview
from earshot.previews import PreviewsBucket
from earshot.telemetry import emit
from earshot.track import Status, Track, TrackInfo
from earshot.track_id import parse_track_id, source_of
from earshot.tracks_table import TracksTable, now_iso

_BUSY_S = 15.0
_OTHER_WAITS_S = 300.0


@dataclass(frozen=True, slots=True)
class Fetch:
    """What fetching a preview works with. `model` is the network in use."""

    tracks: TracksTable
    crawls: CrawlsTable
    previews: PreviewsBucket
    fetch_queue: MessageQueue
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
        if is_early(message, self.fetch_queue):
            return
        track_id = parse_track_id(message.track_id)
        with self.leases.hold(track_id) as held:
            if not held:
                defer(message, self.fetch_queue, _BUSY_S)
                return
            track = self._track(track_id)
            if self._needs_preview(track):
                self._fetch(track, message)

    def _track(self, track_id: str) -> Track:
        track = self.tracks.get(track_id)
        if track is None:
            track = Track(TrackInfo(track_id=track_id, source=source_of(track_id)))
            self.tracks.register(track.info)
        return track

    def _needs_preview(self, track: Track) -> bool:
        if track.status is Status.READY:
            return track.model != self.model and not self.previews.exists(track.track_id)
        return track.status is Status.PENDING and not self.previews.exists(track.track_id)

    def _fetch(self, track: Track, message: FetchPreview) -> None:
        fetched_at = now_iso()
        try:
            info = self._described(track.info)
            sharing = self.versions.share(info)
            if sharing is Sharing.SHARED:
                return
            if sharing is Sharing.LATER and message.attempt + 1 < MAX_ATTEMPTS:
                self._wait(track, message, ProviderUnavailable("the same recording is on its way under another id"))
                return
            if sharing is Sharing.THROTTLED:
                wait = ProviderThrottled("the same recording waits under another id", retry_after_s=_OTHER_WAITS_S)
                self._wait(track, message, wait)
                return
            resolution = self.resolver.find(info, message.outcomes or {})
        except NoPreview as error:
            self._give_up(track, error.reason)
            return
        except (ProviderThrottled, ProviderUnavailable) as error:
            self._wait(track, message, error)
            return
        if found := resolution.found:
            self.previews.put(info, found.audio, provider=found.provider, fetched_at=fetched_at)
            emit("PreviewsFetched")
        elif resolution.waiting:
            self._wait(track, replace(message, outcomes=resolution.outcomes), resolution.waiting)
        else:
            self._give_up(track, resolution.reason)

    def _give_up(self, track: Track, reason: str) -> None:
        self.tracks.mark_no_preview(track.track_id, reason=reason)
        emit("TracksWithoutPreview", reason=reason)

    def _described(self, info: TrackInfo) -> TrackInfo:
        described = with_origin(info, self.resolver.describe(info))
        if described != info:
            self.tracks.register(described)
        return described

    def _wait(self, track: Track, message: FetchPreview, error: ProviderThrottled | ProviderUnavailable) -> None:
        try:
            until = defer_after(error, message, self.fetch_queue)
        except ProviderUnavailable:
            self._give_up(track, "unavailable")
            return
        if isinstance(error, ProviderThrottled):
            emit("ProviderThrottled")
            self.tracks.mark_waiting(track.track_id, reason="throttled")
            if message.crawl_id:
                self.crawls.wait_until(message.crawl_id, until)
