"""What the folder of a source offers, and what it may use to reach out.

``crawler/<name>/`` is found by the name that the source has in `earshot.sources`. Its entry is
``connect(web: Web, settings) -> Connected``; of the settings it declares what it reads.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from crawler.formats import HEAD_BYTES, starts_like_audio
from crawler.rate_limit import RateLimiter
from earshot.clock import Timestamp
from earshot.errors import AudioRejected, ProviderThrottled
from earshot.ids import TrackId
from earshot.playlists import PlaylistRef
from earshot.reasons import Reason
from earshot.sources import Can
from earshot.stores.pasted_lists import PastedLists
from earshot.stores.previews_bucket import MAX_PREVIEW_BYTES
from earshot.track import TrackInfo
from earshot.web import Downloader

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class PlaylistEntry:
    """Entry `number` (from 0) of a playlist: a track, or the `reason` why it is none that can be crawled.

    `name` and `detail`: see `CrawlEntry`. `former_id`: the id that older versions of Earshot gave the track, if that
    was another one. `heard_since`: since when its audio is this and who decodes it does so; what could not be heard
    since then cannot be heard now.
    """

    number: int
    info: TrackInfo | None = None
    reason: Reason | None = None
    name: str = ""
    detail: str = ""
    also: tuple[TrackInfo, ...] = ()
    """The same track under other ids of its source, which are tracks of the catalogue too."""
    former_id: TrackId | None = None
    heard_since: Timestamp | None = None


@dataclass(frozen=True, slots=True)
class ListedEntry(PlaylistEntry):
    """An entry of a list that only names its track: it is looked for in the catalogue first.

    Where the catalogue has it not, it is the track `info`, or, with a `reason`, none.
    """

    listed_id: TrackId | None = None
    """What the list itself calls it. Taken where the catalogue holds it."""
    sought: str = ""
    """The name of the file that it leads to, where that is not there."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries in a row, and the cursor of the page after them (None: these are the last)."""

    entries: tuple[PlaylistEntry, ...]
    next_cursor: str | None

    def infos(self) -> list[TrackInfo]:
        """What is said of its tracks, each word once."""
        return [*dict.fromkeys(info for entry in self.entries for info in (entry.info, *entry.also) if info)]


ReadPage = Callable[[PlaylistRef, str | None], Page]


@dataclass(frozen=True, slots=True)
class Connected:
    """What a source does, each part None where it cannot (`Can` in `earshot.sources` says the same).

    All raise ProviderRefused, for good, and ProviderThrottled and ProviderUnavailable, for now.
    """

    read_page: ReadPage | None = None
    """The page of a playlist at a cursor (None: the first), at most `PAGE_SIZE` entries, more where they cost no more.

    Raises InvalidPlaylist: it cannot be read here; PlaylistNotFound: the source does not know or show it.
    """
    track: Callable[[str], TrackInfo] | None = None
    """What the track with this number is. Raises TrackNotFound."""
    preview: Callable[[TrackInfo], bytes] | None = None
    """Audio of a track of its own, as `Web.audio` gives it. Raises NoPreview, TrackNotFound, AudioRejected."""
    by_isrc: Callable[[str], TrackInfo | None] | None = None
    """Its track with this ISRC, with its `preview_url`; None: it has none."""
    search: Callable[[str, str], Sequence[TrackInfo]] | None = None
    """What it finds for artist and title, best first, with their `preview_url`."""
    pictures: Callable[[TrackInfo], Iterable[bytes]] | None = None
    """What may be the cover of a track of its own, the best first. Raises NotFound, AudioRejected."""
    title: Callable[[PlaylistRef], str] | None = None
    """What it calls a playlist; empty: nothing. Raises NotFound: it does not know it."""
    place: Callable[[PlaylistRef], str] | None = None
    """What a playlist is, whatever it is called: the URL of a folder without links. None: what it is called says that.

    Raises InvalidPlaylist: it cannot be read here.
    """

    @property
    def can(self) -> Can:
        """What it does."""
        can = Can.LIST if self.read_page else Can.NOTHING
        can |= Can.LOOK_UP if self.track else Can.NOTHING
        can |= Can.SERVE if self.preview else Can.NOTHING
        return can | (Can.FIND if self.search else Can.NOTHING)


@dataclass(frozen=True, slots=True)
class Web:
    """Everything that reaches out of the house."""

    downloader: Downloader
    limiter: RateLimiter
    pasted: PastedLists
    """Lists that people have sent."""

    def audio(self, url: str, provider: str) -> bytes:
        """The audio behind `url`, which `provider` serves, as it came: the extractor decodes it, nobody here.

        Raises:
            ForbiddenUrl, ProviderRefused, ProviderUnavailable.
            AudioRejected: `unplayable`, it starts like no audio; `too_large`.
            ProviderThrottled: all workers pause for the provider.
        """
        try:
            found = self.downloader.fetch(url, max_bytes=MAX_PREVIEW_BYTES)
        except ProviderThrottled as error:
            self.limiter.pause(provider, error.retry_after_s)
            raise
        if not starts_like_audio(found[:HEAD_BYTES]):
            raise AudioRejected(f"{provider} answered with what is no audio", reason=Reason.UNPLAYABLE)
        return found
