"""Playlists, albums, songs and the whole library of a media server."""

import time
from collections.abc import Callable, Sequence

from crawler.media_servers.places import Place
from crawler.source import PAGE_SIZE, Page, PlaylistEntry
from earshot.errors import NotFound, PlaylistNotFound, ProviderUnavailable, TrackNotFound
from earshot.fields import field, rows, text
from earshot.ids import unescaped
from earshot.media_servers.subsonic import SubsonicServer, song_info
from earshot.playlists import PlaylistRef
from earshot.reasons import Reason
from earshot.sources import EVERYTHING
from earshot.track import TrackInfo

_ALBUMS = 100
"""Albums that are listed for one page, of which some were read before."""
_REMEMBERED_S = 60.0
_LISTS = {"playlist": ("getPlaylist", "entry"), "album": ("getAlbum", "song")}


class SubsonicSource:
    """Reads one server.

    Args:
        server: is asked.
        now: a clock, in seconds.
    """

    def __init__(self, server: SubsonicServer, now: Callable[[], float] = time.monotonic) -> None:
        self._server = server
        self._now = now
        self._remembered: tuple[PlaylistRef, float, Sequence[object]] | None = None

    def read_page(self, ref: PlaylistRef, cursor: str | None) -> Page:
        """See `Connected`."""
        try:
            if ref.kind == EVERYTHING:
                return self._library_page(Place.parsed(cursor))
            if ref.kind == "track":
                return Page((PlaylistEntry(0, self.track(ref.id)),), None)
            return self._list_page(ref, Place.parsed(cursor))
        except NotFound as error:
            raise PlaylistNotFound(error.message, hint=error.hint) from error

    def track(self, number: str) -> TrackInfo:
        """See `Connected`."""
        try:
            found = song_info(field(self._server.get("getSong", id=unescaped(number)), "song"))
        except NotFound as error:
            raise TrackNotFound(f"the server has no song {unescaped(number)[:80]!r}", hint="") from error
        if found is None:
            raise TrackNotFound(f"{unescaped(number)[:80]!r} is no song", hint="")
        return found

    def _list_page(self, ref: PlaylistRef, cursor: Place) -> Page:
        songs = self._songs(ref)
        first = cursor.after(songs, _id)
        read = songs[first : first + PAGE_SIZE]
        entries = tuple(_entry(cursor.number + place, song) for place, song in enumerate(read))
        end = first + len(read)
        if end >= len(songs):
            return Page(entries, None)
        return Page(entries, str(Place(cursor.number + len(read), end, last=text(read[-1], "id"))))

    def _songs(self, ref: PlaylistRef) -> Sequence[object]:
        """Of a playlist or an album, which comes whole: asked for once a minute, not once a page."""
        if self._remembered and self._remembered[0] == ref and self._now() - self._remembered[1] < _REMEMBERED_S:
            return self._remembered[2]
        endpoint, name = _LISTS[ref.kind]
        songs = rows(self._server.get(endpoint, id=unescaped(ref.id)), ref.kind, name)
        self._remembered = (ref, self._now(), songs)
        return songs

    def _library_page(self, cursor: Place) -> Page:
        """Songs album by album, as `getAlbumList2` lists them: every server has it, and every song is on one."""
        start = cursor.start
        answer = self._server.get("getAlbumList2", type="alphabeticalByName", size=_ALBUMS, offset=start)
        albums = rows(answer, "albumList2", "album")
        first = cursor.after(albums, _id, start)
        songs_read = cursor.songs if not cursor.last or first == cursor.place - start else 0
        entries: list[PlaylistEntry] = []
        last = cursor.last
        for place, album in enumerate(albums[first:], first):
            songs = self._songs_of(text(album, "id"))[songs_read:]
            taken = songs[: PAGE_SIZE - len(entries)]
            entries += [_entry(cursor.number + len(entries) + n, song) for n, song in enumerate(taken)]
            number = cursor.number + len(entries)
            if len(taken) < len(songs):
                following = Place(number, start + place, songs_read + len(taken), last)
                return Page(tuple(entries), str(following))
            songs_read, last = 0, text(album, "id")
            if len(entries) == PAGE_SIZE:
                return Page(tuple(entries), str(Place(number, start + place + 1, 0, last)))
        if len(albums) < _ALBUMS:
            return Page(tuple(entries), None)
        if last == cursor.last:
            raise ProviderUnavailable("the server lists the same albums again and again")
        return Page(tuple(entries), str(Place(cursor.number + len(entries), start + len(albums), 0, last)))

    def _songs_of(self, album: str) -> Sequence[object]:
        try:
            return rows(self._server.get("getAlbum", id=album), "album", "song")
        except NotFound:
            return ()  # removed since it was listed


def _id(one: object) -> str:
    return text(one, "id")


def _entry(number: int, song: object) -> PlaylistEntry:
    info = song_info(song)
    if info:
        return PlaylistEntry(number, info)
    return PlaylistEntry(number, reason=Reason.EPISODE if text(song, "type") == "podcast" else Reason.NO_TRACK_ID)
