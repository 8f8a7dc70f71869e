"""The HTTP API's process: uvicorn in front of the ASGI application, and the function's SNS events in the same process.

On AWS every container hears of a new index version by its own; here the one process that answers requests does.
"""

import importlib
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping, Sequence
from http import HTTPStatus
from multiprocessing.connection import Connection
from typing import Any

import uvicorn

from local.channel import Inbox, open_channel
from local.worker import answer, load_handler

_GRACE_S = 3

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]


def _serve_events(handler_path: str, connection: Connection, inbox: Inbox) -> None:
    handler = load_handler(handler_path)
    while True:
        connection.send_bytes(answer(handler, json.loads(inbox.get())))


def only_for(hosts: Sequence[str], app: App) -> App:
    """`app`, answering requests whose Host header names one of `hosts` (whatever the port), and 421 to all others.

    Without it a web page anywhere could have its own name lead here (DNS rebinding) and read what the API says.
    """

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        host = dict(scope.get("headers", ())).get(b"host", b"").decode("latin-1").rsplit(":", 1)[0]
        if scope["type"] != "http" or host in hosts:
            await app(scope, receive, send)
            return
        body = f"this Earshot answers to {', '.join(hosts)} only; EARSHOT_LOCAL_HOSTS adds names\n".encode()
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": HTTPStatus.MISDIRECTED_REQUEST, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return guarded


def main(arguments: list[str]) -> None:
    """Serve until SIGTERM, or until the line to the stack ends."""
    application, handler_path, hosts, listening_fd, fd = arguments
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection, inbox = open_channel(int(fd))
    module, _, name = application.partition(":")
    app = getattr(importlib.import_module(module), name)
    connection.send_bytes(
        b'{"ready": true}'
    )  # the socket listens already: requests wait there until uvicorn takes them
    threading.Thread(target=_serve_events, args=(handler_path, connection, inbox), name="events", daemon=True).start()
    config = uvicorn.Config(
        only_for(hosts.split(","), app),
        access_log=False,
        log_level=os.environ.get("LOG_LEVEL", "warning").lower(),
        timeout_graceful_shutdown=_GRACE_S,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(listening_fd))])


if __name__ == "__main__":
    main(sys.argv[1:])
