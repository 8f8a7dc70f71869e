"""Spotify as of 2026: tokens, playlist items with every odd kind of entry, single tracks, albums, and its refusals."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from earshot.ids import TrackId
from tests.stubs.web import Answer, Request

TOKEN = "stub-access-token"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def spotify_id(seed: object) -> TrackId:
    """A made-up id of 22 characters, always the same for the same seed."""
    number = int.from_bytes(hashlib.sha256(repr(seed).encode()).digest()[:16])
    digits = ""
    for _ in range(22):
        number, digit = divmod(number, 62)
        digits += _ALPHABET[digit]
    return TrackId(digits)


def track(seed: object, **changes: Any) -> dict[str, Any]:
    """A track object."""
    track_id = spotify_id(seed)
    return {
        "type": "track",
        "id": track_id,
        "uri": f"spotify:track:{track_id}",
        "name": f"Title {seed}",
        "duration_ms": 207959,
        "is_local": False,
        "preview_url": None,
        "external_ids": {"isrc": f"USUM7{int(hashlib.sha256(str(seed).encode()).hexdigest(), 16) % 10**7:07d}"},
        "external_urls": {"spotify": f"https://open.spotify.com/track/{track_id}"},
        "artists": [{"id": "a1", "name": f"Artist {seed}"}],
        "album": {
            "id": "al1",
            "name": f"Album {seed}",
            "release_date": "2017-05-26",
            "images": [{"url": "https://i.scdn.co/image/x", "height": 640, "width": 640}],
        },
        **changes,
    }


def item(track_object: dict[str, Any] | None, **changes: Any) -> dict[str, Any]:
    """A playlist entry that holds `track_object`."""
    return {"added_at": "2026-01-02T03:04:05Z", "is_local": False, "item": track_object, **changes}


LOCAL_FILE = {
    "is_local": True,
    "item": {
        "type": "track",
        "id": None,
        "uri": "spotify:local:A:B:T:200",
        "name": "T",
        "is_local": True,
        "artists": [{"name": "A", "id": None}],
    },
}
EPISODE = {"item": {"type": "episode", "id": "512ojhOuo1ktJprKbVcKyQ", "name": "Ep"}}
NULL_ITEM: dict[str, Any] = {"item": None}


def error(status: int, message: str, **headers: str) -> Answer:
    """An error as the web API words it."""
    return Answer.json({"error": {"status": status, "message": message}}, status, **headers)


@dataclass
class SpotifyStub:
    """Routes of accounts.spotify.com and api.spotify.com. `fail`, when it gives an answer, goes before all others."""

    playlists: dict[str, list[Any]] = field(default_factory=dict)
    albums: dict[str, dict[str, Any]] = field(default_factory=dict)
    tracks: dict[str, dict[str, Any]] = field(default_factory=dict)
    fail: Callable[[Request], Answer | None] = lambda _: None
    next_host: str | None = None
    """Host put into `next`, to lure the token away."""

    def __call__(self, request: Request) -> Answer:
        failure = self.fail(request)
        if failure is not None:
            return failure
        if request.path == "/api/token":
            return Answer.json({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600})
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return error(401, "Invalid access token")
        match request.path.removeprefix("/v1/").strip("/").split("/"):
            case ["playlists", name, "items"] if name in self.playlists:
                return self._page(request, self.playlists[name])
            case ["albums", name] if name in self.albums:
                return Answer.json({**self.albums[name], "tracks": {}})
            case ["albums", name, "tracks"] if name in self.albums:
                return self._page(request, self.albums[name]["tracks"])
            case ["tracks", name] if name in self.tracks:
                return Answer.json(self.tracks[name])
        return error(404, "Resource not found")

    def _page(self, request: Request, rows: list[Any]) -> Answer:
        offset, limit = int(request.query.get("offset", 0)), int(request.query.get("limit", 20))
        host = self.next_host or f"http://{request.headers['Host']}"
        more = offset + limit < len(rows)
        return Answer.json(
            {
                "href": request.path,
                "limit": limit,
                "offset": offset,
                "total": len(rows),
                "next": f"{host}{request.path}?offset={offset + limit}&limit={limit}" if more else None,
                "items": rows[offset : offset + limit],
            }
        )
