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
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import uvicorn

from config.local import LOOPBACK
from local.asgi import App, Message, Receive, Send, refuse
from local.channel import Inbox, open_channel
from local.json_lines import warnings_as_json
from local.lan import key_of, with_key
from local.worker import answer, load_handler

_GRACE_S = 3
_READING = ("GET", "HEAD", "OPTIONS")


def _serve_events(handler_path: str, connection: Connection, inbox: Inbox) -> None:
    handler = load_handler(handler_path)
    while True:
        connection.send_bytes(answer(handler, json.loads(inbox.get())))


def only_for(hosts: Sequence[str], app: App) -> App:
    """`app`, answering requests whose Host header names one of `hosts` (whatever the port), and 421 to all others.

    Without it a web page anywhere could have its own name lead here (DNS rebinding) and read what the API says.
    """
    names = {host.lower() for host in hosts}

    async def guarded(scope: Message, receive: Receive, send: Send) -> None:
        headers = dict(cast("Iterable[tuple[bytes, bytes]]", scope.get("headers", ())))
        host = headers.get(b"host", b"").decode("latin-1").rsplit(":", 1)[0]
        if scope["type"] != "http" or host.lower() in names:
            await app(scope, receive, send)
            return
        body = f"this Earshot answers to {', '.join(hosts)} only; EARSHOT_LOCAL_HOSTS adds names\n".encode()
        await refuse(send, HTTPStatus.MISDIRECTED_REQUEST, body)

    return guarded


def from_here(origins: Sequence[str], app: App) -> App:
    """`app`, answering 403 to pages of other origins that want to change something, unless they are of `origins`.

    A browser sends such a request without asking first, if it looks simple enough, and only hides the answer. With a
    token in it, it does not look simple: what comes with one from elsewhere is no page's, but an extension's that
    scrobbles.
    """

    async def guarded(scope: Message, receive: Receive, send: Send) -> None:
        headers = dict(cast("Iterable[tuple[bytes, bytes]]", scope.get("headers", ())))
        origin = headers.get(b"origin", b"").decode("latin-1")
        site = headers.get(b"sec-fetch-site", b"").decode("latin-1")
        host = headers.get(b"host", b"").decode("latin-1")
        is_ours = urlsplit(origin).netloc == host if origin else site in ("", "none", "same-origin")
        has_token = headers.get(b"authorization", b"")[:6].lower() == b"token "
        is_allowed = is_ours or has_token or origin in origins or "*" in origins
        if scope["type"] != "http" or scope["method"] in _READING or is_allowed:
            await app(scope, receive, send)
            return
        body = b"pages of other origins may change nothing here; EARSHOT_CORS_ORIGINS admits them\n"
        await refuse(send, HTTPStatus.FORBIDDEN, body)

    return guarded


def main(arguments: list[str]) -> None:
    """Serve until SIGTERM, or until the line to the stack ends."""
    application, handler_path, address, hosts, directory, listening_fd, fd = arguments
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection, inbox = open_channel(int(fd))
    warnings_as_json()
    module, _, name = application.partition(":")
    app = getattr(importlib.import_module(module), name)
    connection.send_bytes(
        b'{"ready": true}'
    )  # the socket listens already: requests wait there until uvicorn takes them
    threading.Thread(target=_serve_events, args=(handler_path, connection, inbox), name="events", daemon=True).start()
    names, origins = hosts.split(","), os.environ.get("EARSHOT_CORS_ORIGINS", "").split(",")
    unguarded = from_here(origins, app)
    guarded = only_for(names, unguarded)
    if address != LOOPBACK:  # who has the key may call this machine what they like
        guarded = with_key(key_of(Path(directory)), unguarded, here=guarded)
    config = uvicorn.Config(
        guarded,
        access_log=False,
        log_config=None,  # its warnings then go the way of all others
        timeout_graceful_shutdown=_GRACE_S,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(listening_fd))])


if __name__ == "__main__":
    main(sys.argv[1:])
