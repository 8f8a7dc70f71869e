"""What a Jellyfin server keeps of a user: songs found by what they are, and playlists."""

from collections.abc import Sequence

from earshot.errors import NotFound, ProviderRefused, ProviderUnavailable
from earshot.fields import text
from earshot.media_servers.jellyfin import SOURCE, JellyfinServer, id_of, items_of, song_info
from earshot.media_servers.matching import number_there
from earshot.track import TrackInfo

_AT_ONCE = 50
"""Items in one request: its address must not become too long for a server."""
_FOUND_BY_WORDS = 50


class JellyfinLibrary:
    """A `MediaServer`.

    Args:
        server: is asked.
    """

    def __init__(self, server: JellyfinServer) -> None:
        self._server = server

    def number_of(self, info: TrackInfo) -> str | None:
        """See `MediaServer`."""
        return number_there(info, SOURCE, self._search, song_info)

    def playlist_called(self, name: str) -> str | None:
        """See `MediaServer`."""
        listed = self._server.items(includeItemTypes="Playlist", recursive=True)
        return next((id_of(one) for one in listed if text(one, "Name") == name), None)

    def make_playlist(self, name: str, numbers: Sequence[str]) -> str:
        """See `MediaServer`."""
        wanted = {"Name": name, "Ids": [*numbers], "UserId": self._server.user_id, "MediaType": "Audio"}
        made = id_of(self._server.send("POST", "/Playlists", wanted))
        if not made:
            raise ProviderUnavailable(f"the server made no playlist {name!r}")
        return made

    def replace_playlist(self, playlist: str, numbers: Sequence[str]) -> None:
        """See `MediaServer`. What is in it goes first: Jellyfin adds no song to a playlist that has it."""
        path, user_id = f"/Playlists/{playlist}/Items", self._server.user_id
        try:
            places = [text(one, "PlaylistItemId") for one in items_of(self._server.get(path, userId=user_id))]
            for start in range(0, len(places), _AT_ONCE):
                self._server.send("DELETE", path, entryIds=",".join(places[start : start + _AT_ONCE]))
            for start in range(0, len(numbers), _AT_ONCE):
                more = ",".join(numbers[start : start + _AT_ONCE])
                self._server.send("POST", path, ids=more, userId=user_id)
        except NotFound:
            raise ProviderRefused(
                "the Jellyfin server lets nobody change this playlist with this token",
                hint="An API key makes playlists and changes none: choose another name, or set EARSHOT_JELLYFIN_TOKEN "
                "to the token of its owner.",
            ) from None

    def _search(self, words: str) -> Sequence[object]:
        return self._server.items(searchTerm=words, includeItemTypes="Audio", recursive=True, limit=_FOUND_BY_WORDS)
