"""Playlists, albums, artists, songs and the whole library of a Jellyfin server."""

from collections.abc import Mapping

from crawler.media_servers.places import OVERLAP, Place
from crawler.source import PAGE_SIZE, Page, PlaylistEntry
from earshot.errors import NotFound, PlaylistNotFound, ProviderUnavailable, TrackNotFound
from earshot.fields import text
from earshot.ids import unescaped
from earshot.media_servers.jellyfin import JellyfinServer, Parameter, id_of, items_of, song_info
from earshot.playlists import PlaylistRef
from earshot.reasons import Reason
from earshot.sources import EVERYTHING, SOURCES
from earshot.track import TrackInfo

_AUDIO: Mapping[str, Parameter] = {"includeItemTypes": "Audio", "recursive": True, "sortOrder": "Ascending"}
_BY_AGE = "DateCreated,SortName"
"""What is new comes last: what has been read keeps its place."""
_BY_PLACE = "Album,ParentIndexNumber,IndexNumber,SortName"
_WITHIN = {"MusicArtist": "artistIds", "MusicGenre": "genreIds"}
"""By an item's type, how the songs of one are asked for; of all others they lie below it."""


class JellyfinSource:
    """Reads one server.

    Args:
        server: is asked.
    """

    def __init__(self, server: JellyfinServer) -> None:
        self._server = server
        self._kinds: dict[str, tuple[str, str]] = {}

    def read_page(self, ref: PlaylistRef, cursor: str | None) -> Page:
        """See `Connected`. What an id stands for the server says, whatever kind it was called."""
        place = Place.parsed(cursor)
        try:
            if ref.kind == EVERYTHING:
                return self._page(place, {**_AUDIO, "sortBy": _BY_AGE})
            kind, number = self._kinds.get(ref.id) or self._kind_of(ref)
            self._kinds = {ref.id: (kind, number)}
            if kind == "Audio":
                return Page((PlaylistEntry(0, self.track(number)),), None)
            if kind == "Playlist":
                return self._page(place, {}, f"/Playlists/{number}/Items")
            return self._page(place, {**_AUDIO, "sortBy": _BY_PLACE, _WITHIN.get(kind, "parentId"): number})
        except NotFound as error:
            raise PlaylistNotFound(error.message, hint=error.hint) from error

    def track(self, number: str) -> TrackInfo:
        """See `Connected`."""
        found = [info for item in self._server.items(ids=number) if (info := song_info(item))]
        if not found:
            raise TrackNotFound(f"the Jellyfin server has no song {number[:80]!r}", hint="")
        return found[0]

    def title(self, ref: PlaylistRef) -> str:
        """See `Connected`."""
        called = unescaped(ref.id)
        if ref.kind == EVERYTHING:
            return ""
        if not SOURCES["jellyfin"].has_number(called):
            return called  # a playlist's name
        return next((text(item, "Name") for item in self._server.items(ids=called)), "")

    def _kind_of(self, ref: PlaylistRef) -> tuple[str, str]:
        """The type and id of what `ref` stands for: an item's id, or the name of a playlist.

        Raises:
            PlaylistNotFound: the user sees no such thing.
        """
        called = unescaped(ref.id)
        if SOURCES["jellyfin"].has_number(called):
            for item in self._server.items(ids=called):
                return text(item, "Type"), id_of(item)
        for item in self._server.items(includeItemTypes="Playlist", recursive=True):
            if text(item, "Name").casefold() == called.casefold():
                return "Playlist", id_of(item)
        raise PlaylistNotFound(
            f"the Jellyfin server has nothing called {called[:80]!r} for this user",
            hint="Name a playlist, or paste the address of a playlist, album or artist from the server's web page.",
        )

    def _page(self, place: Place, wanted: Mapping[str, Parameter], path: str = "") -> Page:
        start = place.start
        window: dict[str, Parameter] = {"startIndex": start, "limit": PAGE_SIZE + OVERLAP}
        if path:
            fields = {"userId": self._server.user_id, "fields": "ProviderIds,Path,Genres"}
            listed = items_of(self._server.get(path, **fields, **window))
        else:
            listed = self._server.items(**wanted, **window)
        if len(listed) > PAGE_SIZE + OVERLAP:
            raise ProviderUnavailable("the Jellyfin server lists more than it was asked for")
        first, place = place.after(listed, id_of, start)
        read = listed[first : first + PAGE_SIZE]
        entries = [_entry(place.number + n, item) for n, item in enumerate(read)]
        if len(listed) < PAGE_SIZE + OVERLAP and first + len(read) == len(listed):
            return place.end(entries)
        if not read:
            raise ProviderUnavailable("the Jellyfin server lists the same again and again")
        end = start + first + len(read)
        following = place._replace(number=place.number + len(read), place=end, last=id_of(read[-1]))
        return Page(tuple(entries), str(following))


def _entry(number: int, item: object) -> PlaylistEntry:
    info = song_info(item)
    if info:
        return PlaylistEntry(number, info)
    name = text(item, "Name")
    return PlaylistEntry(
        number, reason=Reason.EPISODE if text(item, "Type") == "AudioBook" else Reason.NO_TRACK_ID, name=name
    )
