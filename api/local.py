"""`api.local:app`: an ASGI application that hands every request to the Lambda handler, as API Gateway would.

One request at a time, on the event loop: exactly what one Lambda container does, and Powertools' resolver keeps its
state per process.
"""

import asyncio
import base64
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from api.app import BODILESS, MAX_BODY_BYTES, refuse, respond
from api.audio import own_file
from api.bootstrap import services
from api.local_audio import send_file, track_id_in
from earshot.errors import EarshotError, InvalidRequest
from earshot.track_id import parse_track_id

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?")
"""Other host names are pages elsewhere that point their name at this machine (DNS rebinding)."""
_SWEEP_EVERY_S = 600.0
_logger = Logger(service="api")


class _Context:
    """As much of a Lambda context as the handler's logger and tracer look at."""

    function_name = "api"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:local:000000000000:function:api"

    def __init__(self, request_id: str) -> None:
        self.aws_request_id = request_id


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
    elif scope["type"] == "http":
        event = _event(scope, await _body(receive))
        if services().settings.stage == "local" and not _LOOPBACK.fullmatch(event["headers"].get("host", "")):
            await _send(refuse(InvalidRequest("this machine answers to 127.0.0.1 and localhost only")), send)
            return
        track_id = track_id_in(scope["path"])
        if track_id and scope["method"] in ("GET", "HEAD") and services().settings.stage == "local":
            await _play(track_id, event, send)
        else:
            response = respond(event, _Context(event["requestContext"]["requestId"]))
            await _send(response, send, with_length=scope["method"] != "HEAD")


async def _play(track_id: str, event: dict[str, Any], send: Send) -> None:
    try:
        path = own_file(services().tracks, parse_track_id(track_id))
    except EarshotError as error:
        await _send(refuse(error), send)
    else:
        is_get = event["requestContext"]["http"]["method"] == "GET"
        await send_file(path, event["headers"], send, with_body=is_get)


async def _live(receive: Receive, send: Send) -> None:
    """Between start and end of the server, do what a schedule does in the cloud."""
    sweeper: asyncio.Task[None] | None = None
    while (message := await receive())["type"] != "lifespan.shutdown":
        sweeper = asyncio.create_task(_sweep())
        await send({"type": f"{message['type']}.complete"})
    if sweeper:
        sweeper.cancel()
    await send({"type": "lifespan.shutdown.complete"})


async def _sweep() -> None:
    while True:
        await asyncio.sleep(_SWEEP_EVERY_S)
        try:
            await asyncio.to_thread(services().queries.sweep)
        except (ClientError, BotoCoreError):
            _logger.exception("queries could not be swept; trying again")


async def _body(receive: Receive) -> bytes:
    """The body, or of an oversized one as much as shows that it is."""
    body = b""
    while True:
        message = await receive()
        if len(body) <= MAX_BODY_BYTES:
            body += message.get("body", b"")
        if not message.get("more_body", False):
            return body[: MAX_BODY_BYTES + 1]


def _event(scope: Scope, body: bytes) -> dict[str, Any]:
    """The request as API Gateway's HTTP API (payload 2.0) would present it."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    raw_query = scope["query_string"].decode("latin-1")
    query: dict[str, str] = {}
    for name, value in parse_qsl(raw_query, keep_blank_values=True):
        query[name] = f"{query[name]},{value}" if name in query else value
    client = scope.get("client") or ("127.0.0.1", 0)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": scope["path"],
        "rawQueryString": raw_query,
        "headers": headers,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": headers.get("host", "localhost"),
            "domainPrefix": "local",
            "http": {
                "method": scope["method"],
                "path": scope["path"],
                "protocol": f"HTTP/{scope['http_version']}",
                "sourceIp": client[0],
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": uuid4().hex,
            "routeKey": "$default",
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime()),
            "timeEpoch": int(time.time() * 1000),
        },
        "isBase64Encoded": False,
    }
    if query:
        event["queryStringParameters"] = query
    if body:
        try:
            event["body"] = body.decode()
        except UnicodeDecodeError:
            event["body"], event["isBase64Encoded"] = base64.b64encode(body).decode(), True
    return event


async def _send(response: dict[str, Any], send: Send, *, with_length: bool = True) -> None:
    body = base64.b64decode(response["body"]) if response["isBase64Encoded"] else (response["body"] or "").encode()
    headers = [(name.encode("latin-1"), str(value).encode("latin-1")) for name, value in response["headers"].items()]
    if with_length and response["statusCode"] not in BODILESS:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": response["statusCode"], "headers": headers})
    await send({"type": "http.response.body", "body": body})
