"""Deezer: tracks by id and ISRC, search, playlists and albums, signed previews that expire, errors inside 200."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.stubs.web import Answer, Request


def track(number: int, **changes: Any) -> dict[str, Any]:
    """A track object, without its preview."""
    return {
        "id": number,
        "readable": True,
        "title": f"Title {number}",
        "isrc": f"GBDUW{number:07d}",
        "duration": 224,
        "link": f"https://www.deezer.com/track/{number}",
        "artist": {"id": 27, "name": f"Artist {number}"},
        "album": {"id": 302127, "title": f"Album {number}", "cover_medium": "https://e-cdns-images.dzcdn.net/x.jpg"},
        "type": "track",
        **changes,
    }


def error(kind: str, message: str, code: int) -> Answer:
    """An error as Deezer sends it: with status 200."""
    return Answer.json({"error": {"type": kind, "message": message, "code": code}})


NOT_FOUND = error("DataException", "no data", 800)
QUOTA = error("Exception", "Quota limit exceeded", 4)
BUSY = error("Exception", "Service busy", 700)


@dataclass
class DeezerStub:
    """Routes of api.deezer.com and of its preview host.

    `audio` by track number; a track without audio has an empty preview. `fail` goes before all other routes.
    `expired` signatures, counted from 0 as they are handed out, answer 403.
    """

    tracks: dict[int, dict[str, Any]] = field(default_factory=dict)
    audio: dict[int, bytes] = field(default_factory=dict)
    playlists: dict[str, list[Any]] = field(default_factory=dict)
    albums: dict[str, dict[str, Any]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    """Of playlists."""
    expired: set[int] = field(default_factory=set)
    fail: Callable[[Request], Answer | None] = lambda _: None
    _signatures: Any = field(default_factory=itertools.count)

    def __call__(self, request: Request) -> Answer:
        failure = self.fail(request)
        if failure is not None:
            return failure
        match request.path.strip("/").split("/"):
            case ["previews", name]:
                return self._preview(int(name.removesuffix(".mp3")), int(request.query.get("hdnea", -1)))
            case ["track", name] if name.startswith("isrc:"):
                found = [row for row in self.tracks.values() if row.get("isrc") == name.removeprefix("isrc:")]
                return Answer.json(self._signed(request, found[0])) if found else NOT_FOUND
            case ["track", name]:
                row = self.tracks.get(int(name)) if name.isdigit() else None
                return Answer.json(self._signed(request, row)) if row else NOT_FOUND
            case ["search"]:
                words = request.query["q"].casefold()
                found = [row for row in self.tracks.values() if f"{row['artist']['name']} ".casefold() in words]
                return Answer.json({"data": [self._signed(request, row) for row in found], "total": len(found)})
            case ["playlist", name, "tracks"] if name in self.playlists:
                return self._page(request, self.playlists[name])
            case ["playlist", name] if name in self.titles:
                return Answer.json({"id": int(name), "title": self.titles[name]})
            case ["album", name, "tracks"] if name in self.albums:
                return self._page(request, self.albums[name]["rows"])
            case ["album", name] if name in self.albums:
                return Answer.json({key: value for key, value in self.albums[name].items() if key != "rows"})
        return NOT_FOUND

    def _signed(self, request: Request, row: dict[str, Any]) -> dict[str, Any]:
        number = row["id"]
        if number not in self.audio:
            return {**row, "preview": "", "readable": False}
        signature = next(self._signatures)
        return {**row, "preview": f"http://{request.headers['Host']}/previews/{number}.mp3?hdnea={signature}"}

    def _preview(self, number: int, signature: int) -> Answer:
        if number not in self.audio or signature in self.expired:
            return Answer(403, b"<html>Access Denied</html>")
        return Answer(body=self.audio[number], headers={"Content-Type": "audio/mpeg"})

    def _page(self, request: Request, rows: list[Any]) -> Answer:
        index, limit = int(request.query.get("index", 0)), int(request.query.get("limit", 25))
        page: dict[str, Any] = {"data": rows[index : index + limit], "total": len(rows)}
        if index + limit < len(rows):
            page["next"] = f"http://{request.headers['Host']}{request.path}?index={index + limit}"
        return Answer.json(page)
