"""The iTunes Search API and its preview host."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.stubs.web import Answer, Request


def song(number: int, title: str, artist: str, milliseconds: int) -> dict[str, Any]:
    """A result, without its preview."""
    return {
        "wrapperType": "track",
        "kind": "song",
        "trackId": number,
        "artistName": artist,
        "trackName": title,
        "trackTimeMillis": milliseconds,
    }


@dataclass
class ItunesStub:
    """`songs` are found by their artist; `audio` by track id; `fail` goes before all other routes."""

    songs: list[dict[str, Any]] = field(default_factory=list)
    audio: dict[int, bytes] = field(default_factory=dict)
    fail: Callable[[Request], Answer | None] = lambda _: None

    def __call__(self, request: Request) -> Answer:
        failure = self.fail(request)
        if failure is not None:
            return failure
        if request.path == "/search":
            term = request.query["term"].casefold()
            results = [
                {**row, "previewUrl": f"http://{request.headers['Host']}/previews/{row['trackId']}.m4a"}
                for row in self.songs
                if f"{row['artistName']} ".casefold() in term
            ]
            return Answer.json({"resultCount": len(results), "results": results})
        number = int(request.path.rpartition("/")[2].removesuffix(".m4a"))
        return Answer(body=self.audio[number]) if number in self.audio else Answer(404)
