"""What API Gateway does in the cloud: requests become events (HTTP API, payload 2.0), replies become answers."""

import base64
import json
import time
from collections.abc import Iterable
from urllib.parse import parse_qsl
from uuid import uuid4

from aws_lambda_powertools.utilities.typing import LambdaContext

from api.http.app import BODILESS, OWN_ROUTES, SECURITY_HEADERS, max_body_bytes, respond
from api.http.events import HttpEvent, HttpReply
from api.http.services import Services
from api.one_machine.protocol import Receive, Scope, Send
from earshot.clock import gateway_time


class _Context(LambdaContext):
    """As much of a Lambda context as the handler's logger and tracer look at."""

    function_name = "api"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:local:000000000000:function:api"
    aws_request_id = ""

    def __init__(self, request_id: str) -> None:
        self.aws_request_id = request_id


async def answer(event: HttpEvent, services: Services, send: Send) -> None:
    """Have the routes answer the request."""
    await send_reply(reply_of(event, services), send, with_length=event["requestContext"]["http"]["method"] != "HEAD")


def reply_of(event: HttpEvent, services: Services) -> HttpReply:
    """What the routes reply to the request."""
    return respond(event, _Context(event["requestContext"]["requestId"]), services)


def json_reply(value: object) -> HttpReply:
    """`value`, for whoever asked and for no store in between."""
    headers = {"content-type": "application/json", "cache-control": "no-store", **SECURITY_HEADERS}
    return {"statusCode": 200, "body": json.dumps(value), "isBase64Encoded": False, "headers": headers, "cookies": []}


async def body_of(receive: Receive, path: str) -> bytes:
    """The body, or of one that is oversized for `path` as much as shows that it is."""
    body, most = b"", max_body_bytes(path)
    while True:
        message = await receive()
        if len(body) <= most:
            body += message.get("body", b"")
        if not message.get("more_body", False):
            return body[: most + 1]


def event_of(scope: Scope, body: bytes) -> HttpEvent:
    """The request as a function sees it."""
    headers = _joined((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"])
    raw_query = scope["query_string"].decode("latin-1")
    client = scope.get("client") or ("127.0.0.1", 0)
    own = f"{scope['method']} {scope['path']}"
    route = own if own in OWN_ROUTES else "$default"
    event: HttpEvent = {
        "version": "2.0",
        "routeKey": route,
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
            "routeKey": route,
            "stage": "$default",
            "time": gateway_time(),
            "timeEpoch": int(time.time() * 1000),
        },
        "isBase64Encoded": False,
    }
    if query := _joined(parse_qsl(raw_query, keep_blank_values=True)):
        event["queryStringParameters"] = query
    if body:
        try:
            event["body"] = body.decode()
        except UnicodeDecodeError:
            event["body"], event["isBase64Encoded"] = base64.b64encode(body).decode(), True
    return event


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Values by name, those of repeated names joined by commas."""
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


async def send_reply(reply: HttpReply, send: Send, *, with_length: bool = True) -> None:
    """Answer with the function's reply; a reply to HEAD goes without a length, since it has no body to measure."""
    body = base64.b64decode(reply["body"]) if reply["isBase64Encoded"] else (reply["body"] or "").encode()
    headers = [(name.encode("latin-1"), str(value).encode("latin-1")) for name, value in reply["headers"].items()]
    if with_length and reply["statusCode"] not in BODILESS:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": reply["statusCode"], "headers": headers})
    await send({"type": "http.response.body", "body": body})
