"""OpenSubsonic's `sonicSimilarity` extension, for players that know it: https://opensubsonic.netlify.app.

Errors travel with status 200, as Subsonic's do; song ids are Earshot's track ids; `similarity` is (1 + cosine) / 2, so
that 1 is identical and 0 the most different. Answers are XML, or JSON with ``f=json``.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from xml.etree import ElementTree

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from api.answers.found import Found
from api.answers.journey import journey
from api.answers.options import Options
from api.answers.query import Query, Seed
from api.answers.ranking import rank
from api.answers.seeds import seed_of
from api.answers.spaces import Sound
from api.http.services import searcher_of, services_of
from earshot.errors import EarshotError, InvalidRequest, InvalidTrackId, NotFound
from earshot.ids import parse_track_id
from earshot.index.rows import IndexedTrack

router = Router()

_ENVELOPE = {"version": "1.16.1", "type": "earshot", "serverVersion": "1", "openSubsonic": True}
_MISSING, _NOT_FOUND, _GENERIC = 10, 70, 0
_MAX_COUNT, _MAX_STEPS = 100, 30


Endpoint = Callable[[], Response[str]]
Match = tuple[IndexedTrack, float]
"""A song and its cosine."""


def _route(name: str) -> Callable[[Endpoint], Endpoint]:
    def register(function: Endpoint) -> Endpoint:
        for path in (f"/rest/{name}", f"/rest/{name}.view"):
            router.get(path, include_in_schema=False)(function)
        return function

    return register


@_route("ping")
def ping() -> Response[str]:
    """Whether the server answers."""
    return _answer({})


@_route("getOpenSubsonicExtensions")
def extensions() -> Response[str]:
    """What this server adds to Subsonic."""
    return _answer({"openSubsonicExtensions": [{"name": "sonicSimilarity", "versions": [1]}]})


@_route("getSonicSimilarTracks")
def similar_tracks() -> Response[str]:
    """The `count` tracks that sound most like the song `id`."""

    def found() -> list[Match]:
        seed = _seed("id")
        ranking = rank(searcher_of(router), Query.of([seed]), Options(k=_count(10)))
        return _compared(seed, ranking.results)

    return _matches(found, "id")


@_route("findSonicPath")
def find_path() -> Response[str]:
    """A path of at most `count` songs from `startSongId` to `endSongId`; similarities are those to the first song."""

    def found() -> list[Match]:
        start, end = _seed("startSongId"), _seed("endSongId")
        walk = journey(searcher_of(router), start, end, min(_MAX_STEPS, max(0, _count(25) - 2)))
        return [(start.track, 1.0), *_compared(start, walk)]

    return _matches(found, "startSongId", "endSongId")


def _compared(seed: Seed, found: Sequence[Found]) -> list[Match]:
    tracks = [one.track for one in found]
    similarities = Sound(searcher_of(router)).scores(seed.vector, [track.track_id for track in tracks])
    return list(zip(tracks, similarities, strict=True))


def _seed(name: str) -> Seed:
    return seed_of(searcher_of(router), services_of(router).tracks.get, parse_track_id(_asked(name)))


def _asked(name: str) -> str:
    return (router.current_event.query_string_parameters or {}).get(name, "")


def _count(default: int) -> int:
    """`count`, as far as it goes: players ask for more than there is."""
    text = _asked("count") or str(default)
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise InvalidRequest(f"count is no number: {text[:20]!r}")
    return min(_MAX_COUNT, max(1, int(text)))


def _matches(found: Callable[[], list[Match]], *required: str) -> Response[str]:
    if missing := [name for name in required if not _asked(name)]:
        return _failure(_MISSING, f"Required parameter is missing: {', '.join(missing)}")
    try:
        return _answer({"sonicMatch": [_match(*match) for match in found()]})
    except (NotFound, InvalidTrackId) as error:
        return _failure(_NOT_FOUND, error.message)
    except EarshotError as error:
        return _failure(_GENERIC, error.message)


def _match(track: IndexedTrack, similarity: float) -> dict[str, object]:
    return {"entry": _child(track), "similarity": round((1 + similarity) / 2, 6)}


def _child(track: IndexedTrack) -> dict[str, object]:
    child: dict[str, object] = {
        "id": track.track_id,
        "isDir": False,
        "title": track.title,
        "album": track.album,
        "artist": ", ".join(track.artists),
        "type": "music",
        "mediaType": "song",
    }
    return child | ({"duration": round(track.duration_ms / 1000)} if track.duration_ms else {})


def _failure(code: int, message: str) -> Response[str]:
    return _answer({"error": {"code": code, "message": message}}, status="failed")


def _answer(body: Mapping[str, object], *, status: str = "ok") -> Response[str]:
    content = {"status": status, **_ENVELOPE, **body}
    if _asked("f") == "json":
        text = json.dumps({"subsonic-response": content})
        return Response(status_code=200, content_type="application/json", body=text)
    root = _element("subsonic-response", content)
    root.set("xmlns", "http://subsonic.org/restapi")
    text = ElementTree.tostring(root, encoding="unicode", xml_declaration=True)
    return Response(status_code=200, content_type="application/xml", body=text)


def _element(name: str, content: Mapping[str, object]) -> ElementTree.Element:
    """Subsonic's XML: plain values become attributes, objects and lists become elements."""
    element = ElementTree.Element(name)
    for key, value in content.items():
        if isinstance(value, dict):
            element.append(_element(key, value))
        elif isinstance(value, list) and all(isinstance(item, dict) for item in value):
            element.extend(_element(key, item) for item in value)
        elif isinstance(value, list):
            for item in value:
                ElementTree.SubElement(element, key).text = _text(item)
        else:
            element.set(key, _text(value))
    return element


def _text(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return "".join(c for c in text if c.isprintable() or c == " ")  # control characters have no place in XML
