"""OpenSubsonic's `sonicSimilarity` extension, for players that know it: https://opensubsonic.netlify.app.

Errors travel with status 200, as Subsonic's do; song ids are Earshot's track ids; `similarity` is (1 + cosine) / 2, so
that 1 is identical and 0 the most different. Answers are XML, or JSON with ``f=json``.
"""

import json
from collections.abc import Callable
from typing import Annotated, Any
from xml.etree import ElementTree

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Query

from api.bootstrap import services
from api.contract import QueryTrack, Result
from api.journey import journey
from api.options import Options
from api.presentation import result
from api.ranking import Query as SoundQuery
from api.ranking import rank
from api.seeds import seed_of
from earshot.errors import EarshotError, InvalidInput, NotFound

router = Router()

_ENVELOPE = {"version": "1.16.1", "type": "earshot", "serverVersion": "1", "openSubsonic": True}
_MISSING, _NOT_FOUND, _GENERIC = 10, 70, 0
_Format = Annotated[str, Query(alias="f", max_length=8)]
_Id = Annotated[str, Query(max_length=512)]
_Count = Annotated[int, Query(ge=1, le=100)]


def _route(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        for path in (f"/rest/{name}", f"/rest/{name}.view"):
            router.get(path, include_in_schema=False)(function)
        return function

    return register


@_route("ping")
def ping(form: _Format = "xml") -> Response[str]:
    """Whether the server answers."""
    return _answer({}, form)


@_route("getOpenSubsonicExtensions")
def extensions(form: _Format = "xml") -> Response[str]:
    """What this server adds to Subsonic."""
    return _answer({"openSubsonicExtensions": [{"name": "sonicSimilarity", "versions": [1]}]}, form)


@_route("getSonicSimilarTracks")
def similar_tracks(id: _Id = "", count: _Count = 10, form: _Format = "xml") -> Response[str]:  # noqa: A002 (theirs)
    """Tracks that sound like a song."""

    def found() -> list[Result]:
        searcher = services().index.current()
        seed = seed_of(searcher, services().tracks, id)
        return rank(searcher, SoundQuery.of([seed]), Options(k=count)).results

    return _matches(found, form, required={"id": id})


@_route("findSonicPath")
def find_path(
    startSongId: _Id = "",  # noqa: N803 (theirs)
    endSongId: _Id = "",  # noqa: N803
    count: _Count = 25,
    form: _Format = "xml",
) -> Response[str]:
    """A path of `count` songs between two songs, both included."""

    def found() -> list[Result]:
        searcher = services().index.current()
        start, end = (seed_of(searcher, services().tracks, text) for text in (startSongId, endSongId))
        walk = journey(searcher, start, end, max(1, min(30, count - 2)))
        return [result(start.track, 1.0, []), *walk]

    return _matches(found, form, required={"startSongId": startSongId, "endSongId": endSongId})


def _matches(found: Callable[[], list[Result]], form: str, *, required: dict[str, str]) -> Response[str]:
    missing = [name for name, value in required.items() if not value]
    if missing:
        return _failure(_MISSING, f"Required parameter is missing: {', '.join(missing)}", form)
    try:
        results = found()
    except (NotFound, InvalidInput) as error:
        return _failure(_NOT_FOUND, error.message, form)
    except EarshotError as error:
        return _failure(_GENERIC, error.message, form)
    return _answer({"sonicMatch": [_match(track) for track in results]}, form)


def _match(track: Result) -> dict[str, Any]:
    similarity = 1.0 if track.similarity is None else (1 + track.similarity) / 2
    return {"entry": _child(track), "similarity": round(similarity, 6)}


def _child(track: Result | QueryTrack) -> dict[str, Any]:
    child = {
        "id": track.track_id,
        "isDir": False,
        "title": track.title,
        "album": track.album,
        "artist": ", ".join(track.artists),
        "type": "music",
        "mediaType": "song",
    }
    return child | ({"duration": round(track.duration_ms / 1000)} if track.duration_ms else {})


def _failure(code: int, message: str, form: str) -> Response[str]:
    return _answer({"error": {"code": code, "message": message}}, form, status="failed")


def _answer(body: dict[str, Any], form: str, *, status: str = "ok") -> Response[str]:
    content = {"status": status, **_ENVELOPE, **body}
    if form == "json":
        text = json.dumps({"subsonic-response": content})
        return Response(status_code=200, content_type="application/json", body=text)
    root = _element("subsonic-response", content)
    root.set("xmlns", "http://subsonic.org/restapi")
    text = ElementTree.tostring(root, encoding="unicode", xml_declaration=True)
    return Response(status_code=200, content_type="application/xml", body=text)


def _element(name: str, content: Any) -> ElementTree.Element:
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
