"""`api.one_machine.asgi:app`: an ASGI application that hands every request to the Lambda handler, as API Gateway would.

One request at a time, on the event loop: exactly what one Lambda container does, and Powertools' resolver keeps its
state per process. While one waits until the queue has the plays that it brought, others are answered. Powertools has an
adapter too (`HttpResolverLocal`), but its events are of payload 1.0, which the cloud does not send, and it takes bodies
of any size.

Which host names are answered to is decided in front of it, by whoever opens the port: local/front_door.py.
"""

import asyncio
from dataclasses import replace
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError

from api.bootstrap import services
from api.http.app import refuse
from api.http.events import HttpEvent, HttpReply
from api.http.services import PlaysQueue
from api.http.subsonic import check_password, parameters_of
from api.one_machine import folders
from api.one_machine.clips import query_in, take_clip
from api.one_machine.files import file_in, own_file, send_file
from api.one_machine.gateway import body_of, event_of, json_reply, reply_of, send_reply
from api.one_machine.outbox import Outbox, Unsent
from api.one_machine.protocol import Receive, Scope, Send
from earshot.errors import EarshotError, NotPlayable
from earshot.ids import TrackId
from earshot.messages import RecordPlays
from earshot.telemetry import logger

_SWEEP_EVERY_S = 600.0
_STREAMS = ("/rest/stream", "/rest/stream.view", "/rest/download", "/rest/download.view")


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
    elif scope["type"] == "http":
        is_own = services().rules.stage == "local"
        if is_own and (query_id := query_in(scope)):
            await send_reply(await take_clip(query_id, scope, receive, services()), send)
            return
        event = event_of(scope, await body_of(receive, scope["path"]))
        own = _own(event) if is_own else None
        if is_own and scope["path"] == folders.PATH and scope["method"] == "GET":
            await send_reply(_folders(event), send)
        elif own and scope["method"] in ("GET", "HEAD", "POST"):
            await _play(own, event, send)
        else:
            await send_reply(await _answer(event), send, with_length=scope["method"] != "HEAD")


def _send(message: RecordPlays) -> None:
    services().plays_queue.send(message)


_outbox = Outbox(_send)


async def _answer(event: HttpEvent) -> HttpReply:
    """The answer, once the queue has what the request brought."""
    reply = _answered_with(_outbox, event)
    try:
        await _outbox.delivered()
    except Exception as error:  # noqa: BLE001 (the route answers it, as all others of the queue)
        return _answered_with(Unsent(error), event)
    return reply


def _answered_with(queue: PlaysQueue, event: HttpEvent) -> HttpReply:
    return reply_of(event, replace(services(), plays_queue=queue))


def _own(event: HttpEvent) -> TrackId | None:
    """The person's own file that the request wants to hear, as the page or as a player asks for it."""
    if event["rawPath"] not in _STREAMS:
        is_read = event["requestContext"]["http"]["method"] in ("GET", "HEAD")
        return file_in(event["rawPath"]) if is_read else None
    asked = parameters_of(event)
    try:
        check_password(asked, services().rules)
    except EarshotError:
        return None  # the route says so
    return file_in(f"/tracks/{quote(asked.get('id', ''), safe='')}/audio")


def _folders(event: HttpEvent) -> HttpReply:
    try:
        folders.check_is_here(event)
        found = folders.listing(services().admission.folders, (event.get("queryStringParameters") or {}).get("in", ""))
    except EarshotError as error:
        return refuse(error, event["rawPath"])
    return json_reply(found.to_dict())


async def _play(track_id: TrackId, event: HttpEvent, send: Send) -> None:
    try:
        own = own_file(services().tracks, track_id)
        if own.window and event["rawPath"] in _STREAMS:
            raise NotPlayable(f"track {track_id} is a part of a file, and players would play all of it")
    except EarshotError as error:
        await send_reply(refuse(error, event["rawPath"]), send)
    else:
        with_body = event["requestContext"]["http"]["method"] != "HEAD"
        await send_file(own, event["headers"], send, with_body=with_body)


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
            logger().exception("queries could not be swept; trying again")
