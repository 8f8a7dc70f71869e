"""Genius's web API: search, for who has a token."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.stubs.web import Answer, Request

TOKEN = "a-token-of-genius"


def song(title: str, artist: str, views: int | None) -> dict[str, Any]:
    """A hit. Genius says nothing of views where there are few."""
    stats = {"unreviewed_annotations": 0, "hot": False}
    return {
        "index": "song",
        "type": "song",
        "highlights": [],
        "result": {
            "id": 378195,
            "title": title,
            "full_title": f"{title} by {artist}",
            "lyrics_state": "complete",
            "path": "/x-lyrics",
            "primary_artist": {"id": 1421, "name": artist, "is_verified": True},
            "stats": stats if views is None else {**stats, "pageviews": views},
        },
    }


def error(status: int, message: str) -> Answer:
    """An error as Genius sends it."""
    return Answer.json({"meta": {"status": status, "message": message}, "response": {}}, status)


@dataclass
class GeniusStub:
    """`songs` are found by their titles. `fail` goes before all other routes."""

    songs: list[dict[str, Any]] = field(default_factory=list)
    fail: Callable[[Request], Answer | None] = lambda _: None

    def __call__(self, request: Request) -> Answer:
        failure = self.fail(request)
        if failure is not None:
            return failure
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return error(401, "The access token provided is expired, revoked, malformed or invalid for other reasons.")
        if request.path != "/search":
            return error(404, "Not found")
        words = request.query.get("q", "").casefold()
        hits = [one for one in self.songs if one["result"]["title"].casefold() in words]
        return Answer.json({"meta": {"status": 200}, "response": {"hits": hits}})
