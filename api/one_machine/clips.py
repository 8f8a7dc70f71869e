"""Clips of queries by sound, PUT to this very API: on one machine, whose own S3 no other device of the house reaches.

In the cloud a clip goes to S3 at a signed address, past the gateway, which takes no such bodies.
"""

import asyncio
import re
from http import HTTPStatus

from api.http.app import readable_by, refuse
from api.http.events import HttpReply
from api.http.services import Services
from api.one_machine.protocol import Receive, Scope
from earshot.errors import EarshotError, QueryNotFound
from earshot.ids import QueryId
from earshot.stores.sound_queries import MAX_CLIP_BYTES, SoundQueries, check_size

_PATH = re.compile(r"/queries/([0-9a-f]{32})/clip")


def query_in(scope: Scope) -> QueryId | None:
    """The query whose clip the request brings, or None when it is another request."""
    match = _PATH.fullmatch(scope["path"])
    return QueryId(match[1]) if match and scope["method"] == "PUT" else None


async def take_clip(query_id: QueryId, scope: Scope, receive: Receive, services: Services) -> HttpReply:
    """Keep the clip, which wakes the extractor; 204, or the refusal."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    try:
        await _keep(query_id, headers.get("content-length", ""), receive, services.queries)
    except EarshotError as error:
        reply = refuse(error, scope["path"])
    else:
        reply = {"statusCode": HTTPStatus.NO_CONTENT, "headers": {}, "body": "", "isBase64Encoded": False}
    return readable_by(services.rules.cors_origins, headers.get("origin"), reply)


async def _keep(query_id: QueryId, announced: str, receive: Receive, queries: SoundQueries) -> None:
    """Raises: ClipTooLarge, QueryNotFound."""
    if announced.isdecimal():
        check_size(int(announced))
    if not await asyncio.to_thread(queries.is_open, query_id):
        raise QueryNotFound(f"no open query {query_id}")
    clip = await _clip(receive)
    if clip is not None:
        await asyncio.to_thread(queries.put_clip, query_id, clip)


async def _clip(receive: Receive) -> bytes | None:
    """The body. Of one that is too large no more is kept than shows it. None: who sent it has gone before its end, and
    may send it again. Raises: ClipTooLarge."""
    clip = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        clip += message.get("body", b"")[: MAX_CLIP_BYTES + 1 - len(clip)]
        check_size(len(clip))
        if not message.get("more_body", False):
            return bytes(clip)
