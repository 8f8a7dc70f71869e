"""What an OpenSubsonic server keeps of a user: songs found by what they are, and playlists."""

from collections.abc import Sequence

from earshot.errors import NotFound, ProviderUnavailable
from earshot.fields import rows, text
from earshot.media_servers.matching import number_there
from earshot.media_servers.subsonic import SOURCE, SubsonicServer, song_info
from earshot.track import TrackInfo

_AT_ONCE = 50
"""Songs in one request: its address must not become too long for a server."""
_FOUND_BY_WORDS = 50


class SubsonicLibrary:
    """A `MediaServer`.

    Args:
        server: is asked.
    """

    def __init__(self, server: SubsonicServer) -> None:
        self._server = server

    def number_of(self, info: TrackInfo) -> str | None:
        """See `MediaServer`."""
        return number_there(info, SOURCE, self._search, song_info)

    def playlist_called(self, name: str) -> str | None:
        """See `MediaServer`."""
        listed = rows(self._server.get("getPlaylists"), "playlists", "playlist")
        return next((text(one, "id") for one in listed if text(one, "name") == name), None)

    def make_playlist(self, name: str, numbers: Sequence[str]) -> str:
        """See `MediaServer`."""
        self._server.get("createPlaylist", name=name, songId=list(numbers[:_AT_ONCE]))
        made = self.playlist_called(name)
        if made is None:
            raise ProviderUnavailable(f"the server made no playlist {name!r}")
        self._add(made, numbers[_AT_ONCE:])
        return made

    def replace_playlist(self, playlist: str, numbers: Sequence[str]) -> None:
        """See `MediaServer`."""
        self._server.get("createPlaylist", playlistId=playlist, songId=list(numbers[:_AT_ONCE]))
        self._add(playlist, numbers[_AT_ONCE:])

    def _add(self, playlist: str, numbers: Sequence[str]) -> None:
        for start in range(0, len(numbers), _AT_ONCE):
            more = list(numbers[start : start + _AT_ONCE])
            try:
                self._server.get("updatePlaylist", playlistId=playlist, songIdToAdd=more)
            except NotFound as error:
                raise ProviderUnavailable(f"the playlist went while it was written: {error.message}") from None

    def _search(self, words: str) -> Sequence[object]:
        answer = self._server.get("search3", query=words, songCount=_FOUND_BY_WORDS, albumCount=0, artistCount=0)
        return rows(answer, "searchResult3", "song")
