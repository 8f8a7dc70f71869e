"""The private line between the stack and each of its child processes.

It carries JSON, one message per request and answer, and it tells the child that the stack has died, however it died:
the line then ends, and the child ends itself and whatever it has started.
"""

import os
import queue
import signal
import threading
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import TypedDict

Event = Mapping[str, object]
"""What a function is invoked with."""


class Request(TypedDict):
    """An invocation. `timeout_s`: seconds until the child is killed."""

    request_id: str
    event: Event
    timeout_s: float


class Failure(TypedDict):
    """What a handler raised."""

    type: str
    message: str


class Reply(TypedDict, total=False):
    """First that the child is `ready`; then, to each request, the handler's `result` or its `error`."""

    ready: bool
    result: object
    error: Failure


Inbox = queue.SimpleQueue[bytes]
"""Messages from the stack, in order."""


def open_channel(fd: int, on_end: int = signal.SIGKILL) -> tuple[Connection, Inbox]:
    """The child's side of the line that was handed down as file descriptor `fd`.

    Args:
        fd: an inherited, connected socket.
        on_end: the signal for this process group when the line ends.
    """
    connection = Connection(fd)
    inbox: Inbox = queue.SimpleQueue()

    def read() -> None:
        try:
            while True:
                inbox.put(connection.recv_bytes())
        except (EOFError, OSError):
            os.killpg(os.getpgrp(), on_end)

    threading.Thread(target=read, name="channel", daemon=True).start()
    return connection, inbox
