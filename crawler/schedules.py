"""Crawls playlists again that are to be crawled every day or week. The clock's function `reconcile` asks for it."""

from dataclasses import dataclass

from earshot.errors import CrawlNotFound, InvalidPlaylist
from earshot.ids import CrawlId, PlaylistId
from earshot.intake import start_crawl
from earshot.playlists import parse_playlist
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.message_queue import MessageQueue
from earshot.stores.playlists import Playlist, Playlists
from earshot.telemetry import logger


@dataclass(frozen=True, slots=True)
class Schedules:
    """What crawling again works with."""

    playlists: Playlists
    crawls: CrawlsTable
    crawl_queue: MessageQueue

    def run(self) -> int:
        """Begin every crawl that is due, for what is new in its playlist; how many.

        May be repeated, and may die at any line: the id of a crawl follows from when it was due, so that one that is
        begun twice is one. While the crawl before is not at its end, none begins.
        """
        begun = 0
        for playlist in self.playlists.due():
            if self._is_read(playlist.crawl_id):
                begun += self._begin(playlist)
        return begun

    def _begin(self, playlist: Playlist) -> bool:
        try:
            ref = parse_playlist(playlist.playlist)
        except InvalidPlaylist as error:  # as an older version understood it
            logger().error("cannot be crawled again", playlist_id=playlist.playlist_id, error=error.message)
            self.playlists.put_off(playlist)
            return False
        start_crawl(
            ref,
            crawls=self.crawls,
            crawl_queue=self.crawl_queue,
            only_new=True,
            crawl_id=crawl_id_of(playlist),
        )
        self.playlists.put_off(playlist)
        return True

    def _is_read(self, crawl_id: CrawlId) -> bool:
        try:
            return self.crawls.summary(crawl_id).finished is not None
        except CrawlNotFound:
            return True


def crawl_id_of(playlist: Playlist) -> CrawlId:
    """The id of the crawl that is due: it sorts by that time, as all do."""
    due = (playlist.due or "").partition(".")[0].replace("-", "").replace(":", "")
    return CrawlId(f"{due}Z-{playlist.playlist_id[:8]}")


def is_by_the_clock(crawl_id: CrawlId, playlist_id: PlaylistId) -> bool:
    """Whether the clock began this crawl of the playlist, and no person."""
    return crawl_id.endswith(f"-{playlist_id[:8]}")
