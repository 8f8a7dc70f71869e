"""Spotify playlists, albums and tracks."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import spotipy

from crawler.places import Reading
from crawler.rate_limit import RateLimiter
from crawler.source import PAGE_SIZE, Page, PlaylistEntry
from crawler.spotify.client import call
from earshot.errors import NotFound, PlaylistNotFound, ProviderRefused, ProviderUnavailable, TrackNotFound
from earshot.fields import field, isrc, rows, text, url, whole
from earshot.ids import TrackId
from earshot.playlists import PlaylistRef
from earshot.reasons import Reason
from earshot.sources import SOURCES
from earshot.track import TrackInfo

_SPOTIFY = SOURCES["spotify"]
_Listed = tuple[Mapping[str, object], Sequence[object]]
"""What Spotify answered, and the rows in it."""
_ID = re.compile(_SPOTIFY.number or "")


class SpotifySource:
    """Reads Spotify through its web API.

    Pages are asked for by offset on the API's own host: the absolute `next` of an answer is never followed, so that
    the token cannot be led elsewhere.

    Args:
        connect: gives the client; called on first use, so that missing credentials fail the crawl, not the start.
        limiter: its bucket ``spotify`` is asked before each call.
    """

    name = "spotify"

    def __init__(self, connect: Callable[[], spotipy.Spotify], limiter: RateLimiter) -> None:
        self._connect = connect
        self._limiter = limiter
        self._connected: spotipy.Spotify | None = None

    def read_page(self, ref: PlaylistRef, cursor: str | None) -> Page:
        """See `Connected`. The cursor is that of a `Reading`."""
        reading = Reading.at(cursor)
        try:
            if ref.kind == "track":
                return Page((PlaylistEntry(0, self.track(ref.id)),), None)
            answer, items = self._listed(ref, reading.place)
        except NotFound as error:
            hint = error.hint if ref.kind == "playlist" else "Check the id."
            raise PlaylistNotFound(error.message, hint=hint) from error
        return reading.page(
            [_entry(reading.place + position, item) for position, item in enumerate(items)],
            total=whole(answer, "total"),
            version="",
            more=bool(answer.get("next")),
        )

    def track(self, spotify_id: str) -> TrackInfo:
        """What Spotify says of the track now.

        Raises:
            TrackNotFound: Spotify does not know it. ProviderRefused, ProviderThrottled, ProviderUnavailable.
        """
        try:
            info = _track(self._call(lambda client: client.track(spotify_id)))
        except NotFound as error:
            raise TrackNotFound(f"Spotify knows no track {spotify_id}", hint="") from error
        if info is None:
            raise ProviderUnavailable(f"Spotify's answer for {spotify_id} is no track")
        return info

    def title(self, ref: PlaylistRef) -> str:
        """See `Connected`."""
        match ref.kind:
            case "playlist":
                return text(self._call(lambda client: client.playlist(ref.id, fields="name")), "name")
            case "album":
                return text(self._call(lambda client: client.album(ref.id)), "name")
            case "artist":
                return text(self._call(lambda client: client.artist(ref.id)), "name")
        return ""

    def _listed(self, ref: PlaylistRef, offset: int) -> _Listed:
        match ref.kind:
            case "album":
                return self._album(ref, offset)
            case "artist":
                answer = self._call(lambda client: client.artist_top_tracks(ref.id))
                return answer, [{"item": row} for row in rows(answer, "tracks")]
            case "collection":
                answer = self._call(lambda client: client.current_user_saved_tracks(limit=PAGE_SIZE, offset=offset))
                return answer, rows(answer, "items")
        return self._playlist(ref, offset)

    def _playlist(self, ref: PlaylistRef, offset: int) -> _Listed:
        answer = self._call(
            lambda client: client.playlist_items(ref.id, limit=PAGE_SIZE, offset=offset, additional_types=("track",))
        )
        items = answer.get("items")
        if not isinstance(items, list):
            raise ProviderRefused(
                "Spotify describes the playlist but does not list its items",
                hint="It lists only playlists that the logged-in user owns or collaborates on: make spotify-login.",
            )
        return answer, items

    def _album(self, ref: PlaylistRef, offset: int) -> _Listed:
        album = self._call(lambda client: client.album(ref.id))
        answer = self._call(lambda client: client.album_tracks(ref.id, limit=PAGE_SIZE, offset=offset))
        items = [
            {"item": {**row, "album": album} if isinstance(row, Mapping) else None} for row in rows(answer, "items")
        ]
        return answer, items

    def _call(self, request: Callable[[spotipy.Spotify], object]) -> Mapping[str, object]:
        if self._connected is None:
            self._connected = self._connect()
        client = self._connected
        with self._limiter.call(self.name):
            return call(lambda: request(client))


def _entry(number: int, row: object) -> PlaylistEntry:
    """An item of a playlist: `item` today, `track` in older answers."""
    item = field(row, "item") or field(row, "track")
    if not isinstance(item, Mapping):
        return PlaylistEntry(number, reason=Reason.NULL_ENTRY)
    if field(row, "is_local") or item.get("is_local"):
        return PlaylistEntry(number, reason=Reason.LOCAL_FILE)
    if (text(item, "type") or "track") != "track":
        return PlaylistEntry(number, reason=Reason.EPISODE)
    info = _track(item)
    if info is None:
        return PlaylistEntry(number, reason=Reason.NO_TRACK_ID)
    return PlaylistEntry(number, info, also=_relinked_from(item, info))


def _relinked_from(item: Mapping[str, object], info: TrackInfo) -> tuple[TrackInfo, ...]:
    """The track under the id that the person sees, where Spotify answers with another one of the same recording."""
    seen = text(item, "linked_from", "id")
    if not _ID.fullmatch(seen) or seen == info.track_id:
        return ()
    return (replace(info, track_id=TrackId(seen), url=_SPOTIFY.track_url(seen)),)


def _track(item: Mapping[str, object]) -> TrackInfo | None:
    spotify_id = text(item, "id")
    if not _ID.fullmatch(spotify_id):
        return None
    artists = (text(artist, "name") for artist in rows(item, "artists"))
    return TrackInfo(
        track_id=TrackId(spotify_id),
        source="spotify",
        title=text(item, "name"),
        artists=tuple(artist for artist in artists if artist),
        album=text(item, "album", "name"),
        isrc=isrc(item, "external_ids", "isrc"),
        duration_ms=whole(item, "duration_ms"),
        url=url(item, "external_urls", "spotify") or _SPOTIFY.track_url(spotify_id),
        artwork_url=url(item, "album", "images", 0, "url"),
        preview_url=url(item, "preview_url"),
    )
