"""MusicBrainz's web service: recordings by id and ISRC, artists; 503 for who asks more than once a second."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from earshot.clock import epoch
from tests.stubs.web import Answer, Request

_HELP = "For usage, please see: https://musicbrainz.org/development/mmd"
_ISRC = re.compile("[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
_MBID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def mbid(number: int) -> str:
    """The id of something."""
    return f"{number:08x}-0000-4000-8000-{number:012x}"


def recording(number: int, title: str, artist: str, first: str, **changes: Any) -> dict[str, Any]:
    """A recording as a look-up shows it, with ``inc=artist-credits+genres``."""
    return {
        "id": mbid(number),
        "title": title,
        "length": 224_000,
        "disambiguation": "",
        "video": False,
        "first-release-date": first,
        "artist-credit": [
            {
                "name": artist,
                "joinphrase": "",
                "artist": {"id": mbid(900), "name": artist, "sort-name": artist, "disambiguation": ""},
            }
        ],
        "genres": [
            {"id": mbid(801), "name": "house", "count": 7, "disambiguation": ""},
            {"id": mbid(802), "name": "french house", "count": 12, "disambiguation": ""},
            {"id": mbid(803), "name": "jazz", "count": 0, "disambiguation": ""},
        ],
        **changes,
    }


def error(status: int, message: str) -> Answer:
    """An error as MusicBrainz sends it."""
    return Answer.json({"error": message, "help": _HELP}, status)


NOT_FOUND = error(404, "Not Found")
BUSY = error(
    503,
    "Your requests are exceeding the allowable rate limit. Please see "
    "https://musicbrainz.org/doc/XML_Web_Service/Rate_Limiting for more information.",
)


@dataclass
class MusicBrainzStub:
    """`recordings` by number, `isrcs` lead to them; `countries` by artist. `fail` goes before all other routes."""

    recordings: dict[int, dict[str, Any]] = field(default_factory=dict)
    isrcs: dict[str, list[int]] = field(default_factory=dict)
    countries: dict[str, str | None] = field(default_factory=lambda: {mbid(900): "FR"})
    fail: Callable[[Request], Answer | None] = lambda _: None
    last: float = 0.0

    def __call__(self, request: Request) -> Answer:
        failure = self.fail(request)
        if failure is not None:
            return failure
        too_soon, self.last = epoch() - self.last < 1.0, epoch()
        if "(" not in request.headers.get("User-Agent", ""):
            return Answer(403, b"Your request has been declined: say in the User-Agent who you are.")
        if too_soon:
            return BUSY
        match request.path.removeprefix("/ws/2/").split("/"):
            case ["isrc", code]:
                return self._by_isrc(code)
            case ["recording", number] if not _MBID.fullmatch(number):
                return error(400, "Invalid mbid.")
            case ["recording", number]:
                found = [row for row in self.recordings.values() if row["id"] == number]
                return Answer.json(found[0]) if found else NOT_FOUND
            case ["artist", number] if number in self.countries:
                return Answer.json({"id": number, "name": "x", "country": self.countries[number], "type": "Group"})
        return NOT_FOUND

    def _by_isrc(self, code: str) -> Answer:
        if not _ISRC.fullmatch(code):
            return error(400, "Invalid isrc.")
        found = [self.recordings[number] for number in self.isrcs.get(code, ())]
        brief = [{name: value for name, value in row.items() if name != "genres"} for row in found]
        return Answer.json({"isrc": code, "recordings": brief}) if brief else NOT_FOUND
