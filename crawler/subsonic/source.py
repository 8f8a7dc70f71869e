"""Playlists, albums, songs and the whole library of a media server."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from crawler.media_servers.places import Place
from crawler.source import PAGE_SIZE, Page, PlaylistEntry
from earshot.errors import NotFound, PlaylistNotFound, ProviderRefused, ProviderUnavailable, TrackNotFound
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
            if ref.kind == "track" and cursor is None and (song := self._song(unescaped(ref.id))):
                return Page((PlaylistEntry(0, song),), None)
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

    def title(self, ref: PlaylistRef) -> str:
        """See `Connected`."""
        called = unescaped(ref.id)
        if ref.kind == "album":
            return text(self._server.get("getAlbum", id=called), "album", "name")
        listed = rows(self._server.get("getPlaylists"), "playlists", "playlist") if ref.kind == "playlist" else ()
        names = {text(one, "id"): text(one, "name") for one in listed}
        return names.get(called) or next((name for name in names.values() if name.casefold() == called.casefold()), "")

    def _list_page(self, ref: PlaylistRef, cursor: Place) -> Page:
        songs = self._songs(ref)
        first, cursor = cursor.after(songs, _id)
        read = songs[first : first + PAGE_SIZE]
        entries = tuple(_entry(cursor.number + place, song) for place, song in enumerate(read))
        end = first + len(read)
        if end >= len(songs):
            return cursor.end(entries)
        following = cursor._replace(number=cursor.number + len(read), place=end, last=text(read[-1], "id"))
        return Page(entries, str(following))

    def _songs(self, ref: PlaylistRef) -> Sequence[object]:
        """Of a playlist or an album, which comes whole: asked for once a minute, not once a page."""
        if self._remembered and self._remembered[0] == ref and self._now() - self._remembered[1] < _REMEMBERED_S:
            return self._remembered[2]
        number = unescaped(ref.id)
        songs = self._listed("album", number) if ref.kind == "album" else self._of_playlist(number)
        self._remembered = (ref, self._now(), songs)
        return songs

    def _song(self, number: str) -> TrackInfo | None:
        """None: the server knows no such id, in whatever words; it may be what a person calls a playlist."""
        try:
            return song_info(field(self._server.get("getSong", id=number), "song"))
        except (NotFound, ProviderRefused):
            return None

    def _of_playlist(self, called: str) -> Sequence[object]:
        """By its id, else by its name."""
        with suppress(NotFound, ProviderRefused):  # some refuse an id that looks like none of theirs
            return self._listed("playlist", called)
        for one in rows(self._server.get("getPlaylists"), "playlists", "playlist"):
            if text(one, "name").casefold() == called.casefold():
                return self._listed("playlist", text(one, "id"))
        raise PlaylistNotFound(
            f"the server has no playlist and no song called {called[:80]!r}",
            hint="Name a playlist as the server's players show it, or write subsonic:all.",
        )

    def _listed(self, kind: str, number: str) -> Sequence[object]:
        endpoint, name = _LISTS[kind]
        return rows(self._server.get(endpoint, id=number), kind, name)

    def _library_page(self, cursor: Place) -> Page:
        """Songs album by album, as `getAlbumList2` lists them: every server has it, and every song is on one."""
        start = cursor.start
        answer = self._server.get("getAlbumList2", type="alphabeticalByName", size=_ALBUMS, offset=start)
        albums = rows(answer, "albumList2", "album")
        first, cursor = cursor.after(albums, _id, start)
        songs_read = cursor.songs if not cursor.last or first == cursor.place - start else 0
        entries: list[PlaylistEntry] = []
        last = cursor.last
        for place, album in enumerate(albums[first:], first):
            songs = self._songs_of(text(album, "id"))[songs_read:]
            taken = songs[: PAGE_SIZE - len(entries)]
            entries += [_entry(cursor.number + len(entries) + n, song) for n, song in enumerate(taken)]
            number = cursor.number + len(entries)
            if len(taken) < len(songs):
                following = Place(number, start + place, songs_read + len(taken), last, cursor.is_lost)
                return Page(tuple(entries), str(following))
            songs_read, last = 0, text(album, "id")
            if len(entries) == PAGE_SIZE:
                return Page(tuple(entries), str(Place(number, start + place + 1, 0, last, cursor.is_lost)))
        if len(albums) < _ALBUMS:
            return cursor.end(entries)
        if last == cursor.last:
            raise ProviderUnavailable("the server lists the same albums again and again")
        return Page(
            tuple(entries),
            str(cursor._replace(number=cursor.number + len(entries), place=start + len(albums), songs=0, last=last)),
        )

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
