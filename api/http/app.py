"""The HTTP application: routes, validation, errors, documents. It knows API Gateway's HTTP API events (payload 2.0)."""

import base64
import binascii
import json
from functools import lru_cache
from typing import Any, cast
from urllib.parse import parse_qsl, quote

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, CORSConfig, Response
from aws_lambda_powertools.event_handler.openapi.models import License
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic_core import to_json

from api.http import listenbrainz, problems
from api.http.document import document
from api.http.events import HttpEvent, HttpReply
from api.http.routes import (
    audiomuse,
    catalogue_map,
    covers,
    crawls,
    genres,
    health,
    listens,
    lists,
    opensubsonic,
    opensubsonic_library,
    opensubsonic_listening,
    page,
    playlists,
    queries,
    recommend,
    search,
    shard,
    similar,
    sources,
    tags,
    tracks,
)
from api.http.routes import listenbrainz as submissions
from api.http.services import Services
from api.http.subsonic import FORM
from earshot.errors import EarshotError, InvalidRequest, RequestTooLarge, RouteNotFound, UnsupportedMediaType

TITLE = "Earshot"
VERSION = "1"
MAX_BODY_BYTES = 64 * 1024
_LIST_ROUTES = ("/crawls", "/crawls/preview", "/listens", "/1/submit-listens")
MAX_LIST_BODY_BYTES = 2 * 1024 * 1024
"""Of the routes that take lists: JSON writes what is not ASCII in up to six bytes a letter."""
OWN_ROUTES = ("GET /docs", "GET /extend", "POST /extend", "GET /map", "POST /listens", "POST /1/submit-listens")
"""Routes of the gateway, in serverless.yml, beside the one for everything. They have throttles of their own: some for
their large answers; those that take plays in, because what the gateway refuses of these is lost (adr/0028)."""
_NAMES = ("genre", "not_artist", "folder")
"""Parameters whose values have commas: "Folk, World, & Country"."""
BODILESS = (204, 304)
"""Statuses whose answers must not have a body."""
SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
_SWAGGER_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; "
    "frame-ancestors 'none'"
)


@lru_cache(maxsize=1)  # routers take what a request brings from the resolver that was built last
def resolver(cors_origins: tuple[str, ...] = ()) -> APIGatewayHttpResolver:
    """The routes behind a Powertools resolver; pages of `cors_origins` may call it from a browser."""
    app = APIGatewayHttpResolver(
        enable_validation=True, serializer=_as_json, json_body_deserializer=_parse_json, cors=_cors(cors_origins)
    )
    problems.install(app, page.lost)
    answering = (
        similar,
        queries,
        search,
        catalogue_map,
        genres,
        tags,
        tracks,
        covers,
        crawls,
        sources,
        health,
        page,
        playlists,
        lists,
        listens,
        recommend,
        shard,
    )
    for module in answering:
        app.include_router(module.router)
    for module in (opensubsonic, opensubsonic_library, opensubsonic_listening, audiomuse, submissions):
        app.include_router(module.router)
    app.configure_openapi(
        title=TITLE,
        version=VERSION,
        description="Finds the tracks that sound like a given track. Errors are listed in docs/errors.md.",
        license_info=License(name="MIT", identifier="MIT"),
    )
    app.enable_swagger(path="/docs", title=TITLE, version=VERSION)

    @app.get("/openapi.json", include_in_schema=False)
    def openapi() -> Response[str]:
        return Response(status_code=200, content_type="application/json", body=_as_json(document(app)))

    return app


def _as_json(value: object) -> str:
    return to_json(value).decode()  # four times as fast as the standard library's


def _cors(origins: tuple[str, ...]) -> CORSConfig | None:
    if not origins:
        return None
    return CORSConfig(
        allow_origin=origins[0],
        extra_origins=list(origins[1:]),
        allow_headers=["If-None-Match"],
        expose_headers=["ETag", "Location"],
        max_age=3600,
    )


def respond(event: HttpEvent, context: LambdaContext, services: Services) -> HttpReply:
    """The answer (payload 2.0) to an HTTP event. HEAD is GET without the body."""
    asked, event = event, _as_routed(event)
    is_head = asked["requestContext"]["http"]["method"] == "HEAD"
    origins = services.rules.cors_origins
    try:
        _check_route(asked)
        _check_size(asked, event["rawPath"])
        _check_body(event)
    except EarshotError as error:
        response = readable_by(origins, event.get("headers", {}).get("origin"), refuse(error, event["rawPath"]))
    else:
        app = resolver(origins)
        app.append_context(services=services)
        response = cast(HttpReply, app.resolve(event, context))
    headers = {name.lower(): value for name, value in response["headers"].items()}
    if event["rawPath"] == "/docs":
        headers.setdefault("content-security-policy", _SWAGGER_POLICY)
    vary = ["Accept-Encoding", *(["Origin"] if origins else ()), *filter(None, [headers.pop("vary", "")])]
    response["headers"] = {**SECURITY_HEADERS, "vary": ", ".join(vary), **headers}
    if is_head or response["statusCode"] in BODILESS:
        response["body"], response["isBase64Encoded"] = "", False
    if response["statusCode"] in BODILESS:
        response["headers"].pop("content-encoding", None)  # Powertools compresses even what is empty
    return response


def _as_routed(event: HttpEvent) -> HttpEvent:
    """The event as routes expect it: HEAD as GET, GET without a body, the path with one segment per parameter."""
    context, http = event["requestContext"], event["requestContext"]["http"]
    method = "GET" if http["method"] == "HEAD" else http["method"]
    http = {**http, "method": method, "path": _path(http["path"])}
    if any(name in event.get("rawQueryString", "") for name in _NAMES):
        event["queryStringParameters"] = _with_whole_names(event)
    event = {**event, "rawPath": _path(event["rawPath"]), "requestContext": {**context, "http": http}}
    if method == "GET":
        event.pop("body", None)
    return event


def _with_whole_names(event: HttpEvent) -> dict[str, str]:
    """The parameters, their names' own commas told from those that gateways put between names, by a wider sign."""
    found = dict(event.get("queryStringParameters") or {})
    given = parse_qsl(event["rawQueryString"], keep_blank_values=True)
    for name in _NAMES:
        if values := [value.replace(",", "，") for key, value in given if key == name]:
            found[name] = ",".join(values)
    return found


def refuse(error: EarshotError, path: str) -> HttpReply:
    """The answer (payload 2.0) to a request for `path` that does not reach the routes."""
    refusal = problems.answer(error, path)
    headers = {name: str(value) for name, value in refusal.headers.items()}
    return {
        "statusCode": refusal.status_code,
        "body": refusal.body or "",
        "isBase64Encoded": False,
        "headers": headers,
        "cookies": [],
    }


def readable_by(origins: tuple[str, ...], origin: str | None, reply: HttpReply) -> HttpReply:
    """A reply that does not come from the routes, with what lets a page of `origin` read it if it is of `origins`."""
    if cors := _cors(origins):
        reply["headers"] |= cors.to_dict(origin)
    return reply


def _path(path: str) -> str:
    """`path` with a URL in place of a track id encoded again: gateways decode its slashes, routes need one segment."""
    head, middle, rest = path.partition("/opinions/" if path.startswith("/opinions/") else "/tracks/")
    end = next((end for end in ("/audio", "/cover") if rest.endswith(end)), "")
    rest = rest.removesuffix(end)
    return head + middle + quote(rest, safe="") + end if rest.startswith(("http:", "https:")) else path


def _check_route(event: HttpEvent) -> None:
    """Refuse what has a route of its own and came past it, however it was spelled.

    Raises:
        RouteNotFound
    """
    own = f"{event['requestContext']['http']['method']} {event['rawPath']}"
    if own in OWN_ROUTES and event["routeKey"] != own:
        raise RouteNotFound(f"spell it {event['rawPath']}")


def _check_size(asked: HttpEvent, path: str) -> None:
    """Refuse huge bodies, also of a GET, whose body nobody reads: the gateway is paid for it.

    Raises:
        RequestTooLarge
    """
    most = max_body_bytes(path)
    if len(asked.get("body") or "") > most:
        raise RequestTooLarge(f"the body has more than {most} bytes", hint="Send less.")


def _check_body(event: HttpEvent) -> None:
    """Refuse what Powertools would stumble over: other types than JSON, bytes that are not UTF-8.

    Raises:
        UnsupportedMediaType, InvalidRequest
    """
    body = event.get("body")
    if not body:
        return
    media_type = event.get("headers", {}).get("content-type", "application/json").partition(";")[0].strip().lower()
    path = event["rawPath"]
    if media_type == FORM and path.startswith("/rest/"):  # players may send their questions as forms
        return
    # ListenBrainz does not look at the type, and some of its clients say none or another.
    if not path.startswith(listenbrainz.PREFIX) and media_type != "application/json":
        raise UnsupportedMediaType(f"the body is {media_type[:80]!r}, not JSON")
    if event.get("isBase64Encoded"):
        try:
            base64.b64decode(body, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise InvalidRequest("the body is not UTF-8") from None


def max_body_bytes(path: str) -> int:
    """The most that a body for `path` may have."""
    return MAX_LIST_BODY_BYTES if path in _LIST_ROUTES else MAX_BODY_BYTES


def _parse_json(text: str) -> Any:
    """JSON, or a refusal: also for nesting and numbers that Python's parser gives up on."""
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"the body is not usable JSON: {str(error)[:80]}") from None
