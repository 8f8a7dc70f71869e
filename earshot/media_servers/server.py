"""What a media server can be asked to keep, whatever it speaks; and writing an answer into it as a playlist."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from earshot.errors import InvalidRequest
from earshot.ids import TrackId
from earshot.track import TrackInfo


class MediaServer(Protocol):
    """One server, as one user. All raise ProviderRefused, ProviderUnavailable and ProviderThrottled."""

    def number_of(self, info: TrackInfo) -> str | None:
        """What it calls its own song of the same recording: known by its id, else by MBID, ISRC, artist and title."""

    def playlist_called(self, name: str) -> str | None:
        """The id of the user's playlist with this name."""

    def make_playlist(self, name: str, numbers: Sequence[str]) -> str:
        """Keep the songs under a new name; the playlist's id."""

    def replace_playlist(self, playlist: str, numbers: Sequence[str]) -> None:
        """Keep these songs, and no others, in the playlist with this id."""


@dataclass(frozen=True, slots=True)
class WrittenPlaylist:
    """The id of what was written, the tracks in it, in order, and those that the server does not hold."""

    playlist: str
    held: tuple[TrackId, ...]
    missing: tuple[TrackId, ...]


def write_playlist(
    server: MediaServer, name: str, tracks: Iterable[TrackInfo], *, may_replace: bool
) -> WrittenPlaylist:
    """Keep `tracks` in the server as a playlist, as far as it holds them.

    Raises:
        InvalidRequest: it holds none of them; or there is a playlist with this name, and it may not be replaced.
        Others: see `MediaServer`.
    """
    there = server.playlist_called(name)
    if there and not may_replace:
        raise InvalidRequest(
            f"the server has a playlist {name!r} already", hint="Choose another name, or say that it may be replaced."
        )
    numbers = [(info.track_id, server.number_of(info)) for info in tracks]
    held = [(track_id, number) for track_id, number in numbers if number]
    if not held:
        raise InvalidRequest("the server holds none of these tracks", hint="Crawl it, so that answers come from it.")
    songs = [number for _, number in held]
    if there:
        server.replace_playlist(there, songs)
    else:
        there = server.make_playlist(name, songs)
    missing = tuple(track_id for track_id, number in numbers if not number)
    return WrittenPlaylist(there, tuple(track_id for track_id, _ in held), missing)
