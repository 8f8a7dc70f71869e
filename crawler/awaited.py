"""Lists that name what a person's own files do not hold: once a crawl brings it, they are crawled again.

What a list wants is noted while it is read, and what a crawl brings of it while that is read; the lists follow when
that crawl has ended, each once, however much came. What is brought is always a new file, and no list brings anything to
itself: so nothing goes round in circles (docs/adr/0026).
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from crawler.source import ListedEntry, PlaylistEntry
from earshot.crawls import CrawlSummary
from earshot.errors import InvalidPlaylist
from earshot.intake import start_crawl
from earshot.matching import is_own_file
from earshot.messages import CrawlPlaylist
from earshot.playlists import parse_playlist
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.message_queue import MessageQueue
from earshot.stores.song_keys import keys_of
from earshot.stores.wanted_songs import WantedSongs, list_id
from earshot.telemetry import logger
from earshot.track import TrackInfo


@dataclass(frozen=True, slots=True)
class Awaited:
    """What waiting for songs works with."""

    wanted: WantedSongs
    crawls: CrawlsTable
    crawl_queue: MessageQueue

    def note(self, playlist: str, missing: Sequence[PlaylistEntry]) -> list[PlaylistEntry]:
        """Note what the list names and nobody holds; those of the entries that were not noted before.

        These are to be looked for once again: a crawl that asked for what is wanted just before may have brought them.
        """
        keys = {entry.number: _keys_of_entry(entry) for entry in missing}
        new = self.wanted.note([key for of_entry in keys.values() for key in of_entry], playlist)
        return [entry for entry in missing if not new.isdisjoint(keys[entry.number])]

    def meet(self, message: CrawlPlaylist, brought: Iterable[TrackInfo]) -> None:
        """Note which lists want any of these tracks, of which own files count."""
        keys = [key for info in brought if is_own_file(info) for key in _keys_of_file(info)]
        lists = self.wanted.wanting(keys) - {list_id(message.playlist)}
        self.wanted.note_met(message.crawl_id, lists)

    def crawl_again(self, message: CrawlPlaylist) -> None:
        """Have the lists crawled again of which the crawl that ends has brought something, but for forgotten ones.

        May be repeated, and may die at any line: the crawl that follows has the same id every time.
        """
        met = self.wanted.met(message.crawl_id)
        if not met:
            return
        newest: dict[str, CrawlSummary] = {}
        for summary in self.crawls.list(None):
            if not summary.forgotten:
                newest.setdefault(list_id(summary.playlist), summary)
        for listed in sorted(met & newest.keys()):
            try:
                playlist = parse_playlist(newest[listed].playlist)
            except InvalidPlaylist:
                logger().warning("a list is not crawled again: nothing reads it any more", list=listed)
                continue
            crawl_id = self.wanted.next_crawl(message.crawl_id, listed)
            start_crawl(playlist, crawls=self.crawls, crawl_queue=self.crawl_queue, only_new=True, crawl_id=crawl_id)
            logger().info("a list is crawled again for what has come", crawl_id=crawl_id, after=message.crawl_id)


def _keys_of_entry(entry: PlaylistEntry) -> list[str]:
    sought = entry.sought if isinstance(entry, ListedEntry) else ""
    return [*(keys_of(entry.info) if entry.info else ()), *([_file_key(sought)] if sought else ())]


def _keys_of_file(info: TrackInfo) -> list[str]:
    parts = urlsplit(info.preview_url or "")
    name = PurePosixPath(unquote(parts.path, errors="replace")).name if parts.scheme == "file" else ""
    return [*keys_of(info), *([_file_key(name)] if name else ())]


def _file_key(name: str) -> str:
    """What a list and a folder call the same file, whatever case and whichever form of accents."""
    return f"file {unicodedata.normalize('NFD', name).casefold()}"
