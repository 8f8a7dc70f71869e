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
from multiprocessing.connection import Connection

import uvicorn

from local.channel import Inbox, open_channel
from local.worker import answer, load_handler

_GRACE_S = 3


def _serve_events(handler_path: str, connection: Connection, inbox: Inbox) -> None:
    handler = load_handler(handler_path)
    while True:
        connection.send_bytes(answer(handler, json.loads(inbox.get())))


def main(arguments: list[str]) -> None:
    """Serve until SIGTERM, or until the line to the stack ends."""
    application, handler_path, listening_fd, fd = arguments
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection, inbox = open_channel(int(fd))
    module, _, name = application.partition(":")
    app = getattr(importlib.import_module(module), name)
    connection.send_bytes(
        b'{"ready": true}'
    )  # the socket listens already: requests wait there until uvicorn takes them
    threading.Thread(target=_serve_events, args=(handler_path, connection, inbox), name="events", daemon=True).start()
    config = uvicorn.Config(
        app,
        access_log=False,
        log_level=os.environ.get("LOG_LEVEL", "warning").lower(),
        timeout_graceful_shutdown=_GRACE_S,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(listening_fd))])


if __name__ == "__main__":
    main(sys.argv[1:])
