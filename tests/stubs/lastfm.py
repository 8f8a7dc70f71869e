"""Last.fm's web API: track.getInfo; errors by number, with whatever status."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.stubs.web import Answer, Request

KEY = "a-key-of-lastfm"
_MESSAGES = {
    6: "Track not found",
    8: "Operation failed - Most likely the backend service failed. Please try again.",
    10: "Invalid API key - You must be granted a valid key by last.fm",
    11: "Service Offline - This service is temporarily offline. Try again later.",
    29: "Rate Limit Exceeded - Your IP has made too many requests in a short period, exceeding our API guidelines",
}


def track(title: str, artist: str, listeners: int, tags: Any) -> dict[str, Any]:
    """A track as track.getInfo shows it, whose numbers are texts. `tags`: names, or what comes instead of a list."""
    return {
        "name": title,
        "url": "https://www.last.fm/music/x/_/y",
        "duration": "224000",
        "streamable": {"#text": "0", "fulltrack": "0"},
        "listeners": str(listeners),
        "playcount": str(listeners * 8),
        "artist": {"name": artist, "url": "https://www.last.fm/music/x"},
        "toptags": {"tag": [{"name": tag, "url": "x"} for tag in tags] if isinstance(tags, list) else tags},
    }


def error(code: int, status: int = 200) -> Answer:
    """An error as Last.fm sends it."""
    return Answer.json({"error": code, "message": _MESSAGES[code], "links": []}, status)


@dataclass
class LastFmStub:
    """`tracks` by artist and title in small letters. `fail` goes before all other routes."""

    tracks: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    fail: Callable[[Request], Answer | None] = lambda _: None

    def __call__(self, request: Request) -> Answer:
        failure = self.fail(request)
        if failure is not None:
            return failure
        query = request.query
        if query.get("api_key") != KEY:
            return error(10, 403)
        if query.get("format") != "json" or query.get("method") != "track.getInfo":
            return Answer(400, b"<lfm status='failed'><error code='3'>Invalid Method</error></lfm>")
        found = self.tracks.get((query["artist"].casefold(), query["track"].casefold()))
        return Answer.json({"track": found}) if found else error(6, 404)
