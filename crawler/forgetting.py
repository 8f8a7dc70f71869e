"""Forgets a playlist: what its crawls have found holds no track any more, so that others may remove it."""

from dataclasses import dataclass

from crawler.departed import place_of
from earshot.crawls import CrawlSummary
from earshot.errors import CrawlNotFound
from earshot.ids import TrackId
from earshot.messages import ForgetPlaylist
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.playlists import Playlists, playlist_id_of
from earshot.stores.tracks_table import TracksTable
from earshot.telemetry import logger
from earshot.track import Status


@dataclass(frozen=True, slots=True)
class Forgetting:
    """What forgetting works with."""

    tracks: TracksTable
    crawls: CrawlsTable
    playlists: Playlists

    def run(self, message: ForgetPlaylist) -> None:
        """Forget the playlist of the crawl, with all its crawls, and remove its tracks if that is asked. Repeatable.

        What is still on its way stays: its messages would bring it back.
        """
        try:
            this = self.crawls.summary(message.crawl_id)
        except CrawlNotFound:
            logger().info("nothing to forget: the crawl has expired", crawl_id=message.crawl_id)
            return
        summaries = self.crawls.list(None)
        same = [s for s in summaries if place_of(s) == place_of(this)]
        others = [s for s in summaries if place_of(s) != place_of(this) and not s.forgotten]
        only = self._held(same) - self._held(others)
        there = self.tracks.described_many(only)  # ids that tracks no longer have are none
        for summary in same:
            if not summary.forgotten:
                self.crawls.note_forgotten(summary, len(there))
        if message.remove_tracks:
            settled = [track_id for track_id, track in there.items() if track.status is not Status.PENDING]
            on_their_way = len(there) - len(settled)
            only_held = this.only_held if this.forgotten else len(there)
            self.crawls.note_cleared(message.crawl_id, only_held - on_their_way)
            for track_id in settled:
                self.tracks.delete(track_id)
        self.playlists.forget(playlist_id_of(place_of(this)))

    def give_up(self, message: ForgetPlaylist) -> None:
        """It failed too often. Nothing waits for it: who asks again has it forgotten then."""
        logger().warning("not forgotten", crawl_id=message.crawl_id)

    def _held(self, summaries: list[CrawlSummary]) -> set[TrackId]:
        entries = (entry for summary in summaries for entry in self.crawls.entries(summary.crawl_id))
        return {entry.track_id for entry in entries if entry.track_id}
