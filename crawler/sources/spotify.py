"""Spotify playlists, albums and tracks."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import spotipy

from crawler.sources import PAGE_SIZE, Page, PlaylistEntry
from crawler.spotify_client import call
from earshot.errors import PlaylistNotFound, ProviderRefused, TrackNotFound
from earshot.playlist import PlaylistRef
from earshot.track import TrackInfo

_ID = re.compile(r"[0-9A-Za-z]{22}")


class SpotifySource:
    """Reads Spotify through its web API.

    Pages are asked for by offset on the API's own host: the absolute `next` of an answer is never followed, so that
    the token cannot be led elsewhere.

    Args:
        connect: gives the client; called on first use, so that missing credentials fail the crawl, not the start.
    """

    def __init__(self, connect: Callable[[], spotipy.Spotify]) -> None:
        self._connect = connect
        self._connected: spotipy.Spotify | None = None

    def read_page(self, ref: PlaylistRef, cursor: str | None) -> Page:
        """See `Source`. The cursor is the offset."""
        offset = int(cursor or 0)
        if ref.kind == "track":
            return Page((PlaylistEntry(0, self.track(ref.id)),), None)
        if ref.kind == "album":
            album = call(lambda: self._client.album(ref.id))
            answer = call(lambda: self._client.album_tracks(ref.id, limit=PAGE_SIZE, offset=offset))
            rows = [{"item": {"album": album, **row}} if row else None for row in answer.get("items") or ()]
        else:
            answer = call(
                lambda: self._client.playlist_items(ref.id, limit=PAGE_SIZE, offset=offset, additional_types=("track",))
            )
            rows = answer.get("items")  # type: ignore[assignment]
        if not isinstance(rows, list):
            raise ProviderRefused(
                f"Spotify describes the {ref.kind} but does not list its items",
                hint="It lists only playlists that the logged-in user owns or collaborates on: make spotify-login.",
            )
        entries = tuple(_entry(offset + position, row) for position, row in enumerate(rows))
        more = bool(answer.get("next")) and bool(rows)
        return Page(entries, str(offset + len(rows)) if more else None)

    def track(self, spotify_id: str) -> TrackInfo:
        """What Spotify says of the track now.

        Raises:
            TrackNotFound: Spotify does not know it. ProviderRefused, ProviderThrottled, ProviderUnavailable.
        """
        try:
            item = call(lambda: self._client.track(spotify_id))
        except PlaylistNotFound as error:
            raise TrackNotFound(f"Spotify knows no track {spotify_id}", hint="") from error
        info = _track(item)
        if info is None:
            raise TrackNotFound(f"Spotify's answer for {spotify_id} is no track", hint="")
        return info

    @property
    def _client(self) -> spotipy.Spotify:
        if self._connected is None:
            self._connected = self._connect()
        return self._connected


def _entry(number: int, row: object) -> PlaylistEntry:
    """An item of a playlist: `item` today, `track` in older answers."""
    if not isinstance(row, Mapping):
        return PlaylistEntry(number, reason="null_entry")
    item = row.get("item") or row.get("track")
    if not isinstance(item, Mapping):
        return PlaylistEntry(number, reason="null_entry")
    if row.get("is_local") or item.get("is_local"):
        return PlaylistEntry(number, reason="local_file")
    if item.get("type", "track") != "track":
        return PlaylistEntry(number, reason="episode")
    info = _track(item)
    return PlaylistEntry(number, info) if info else PlaylistEntry(number, reason="no_track_id")


def _track(item: Mapping[str, Any]) -> TrackInfo | None:
    spotify_id = item.get("id")
    if not isinstance(spotify_id, str) or not _ID.fullmatch(spotify_id):
        return None
    album = item.get("album") or {}
    images = album.get("images") or ()
    return TrackInfo(
        track_id=spotify_id,
        source="spotify",
        title=item.get("name") or "",
        artists=tuple(artist["name"] for artist in item.get("artists") or () if artist and artist.get("name")),
        album=album.get("name") or "",
        isrc=(item.get("external_ids") or {}).get("isrc") or None,
        duration_ms=item.get("duration_ms"),
        url=(item.get("external_urls") or {}).get("spotify") or f"https://open.spotify.com/track/{spotify_id}",
        artwork_url=images[0].get("url") if images else None,
        preview_url=item.get("preview_url") or None,
    )
