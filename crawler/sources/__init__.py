"""Where playlists come from. A source reads one page at a time and knows nothing of queues and tables."""

from dataclasses import dataclass
from typing import Protocol

from earshot.playlist import PlaylistRef
from earshot.track import TrackInfo

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class PlaylistEntry:
    """Entry `number` (from 0) of a playlist: a track, or the `reason` why it is none that can be crawled."""

    number: int
    info: TrackInfo | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries in a row, and the cursor of the page after them (None: these are the last)."""

    entries: tuple[PlaylistEntry, ...]
    next_cursor: str | None


class Source(Protocol):
    """Reads playlists of one kind."""

    def read_page(self, ref: PlaylistRef, cursor: str | None) -> Page:
        """The page at `cursor` (None: the first), at most `PAGE_SIZE` entries.

        Raises:
            InvalidPlaylist: what `ref` names cannot be read here.
            PlaylistNotFound: the source does not know it or does not show it.
            ProviderRefused: for good. ProviderThrottled, ProviderUnavailable: for now.
        """
