"""The API as a service of its own: says when it is ready, follows its index in the background, leaves in good order.

Behind a load balancer a process must not stop when it is told to: those who ask hear of it later than it does. So after
SIGTERM it goes on answering for a while, `/ready` says 503, and answers close their connections; then it stops
listening, and what is in hand is finished.
"""

import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from types import FrameType

import uvicorn

from api.http.services import Services
from api.one_machine.gateway import answer, body_of, event_of
from api.one_machine.protocol import Message, Receive, Scope, Send
from earshot.errors import EarshotError
from earshot.telemetry import logger

READY = "/ready"
_KEEP_ALIVE_S = 75
"""Longer than a load balancer's (60 s on AWS): who ends an idle connection must be the one that sends on it."""
_AT_ONCE = 512

Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Readiness:
    """Whether somebody should ask this process.

    Args:
        check: raises an error of ours where it cannot answer.
    """

    def __init__(self, check: Callable[[], object]) -> None:
        self._check = check
        self.is_leaving = False

    def problem(self) -> str | None:
        """Why nobody should; None: it is ready."""
        if self.is_leaving:
            return "leaving"
        try:
            self._check()
        except EarshotError as error:
            return error.code
        return None


def application(services: Services) -> Application:
    """The ASGI application: the routes."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await answer(event_of(scope, await body_of(receive, scope["path"])), services, send)

    return app


def _with_readiness(app: Application, readiness: Readiness) -> Application:
    """`app`, and `/ready` before it."""

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
        elif scope["path"] == READY:
            await _say(send, readiness.problem())
        else:
            await app(scope, receive, _closing(send) if readiness.is_leaving else send)

    return outer


async def _say(send: Send, problem: str | None) -> None:
    body = json.dumps({"status": problem or "ready"}).encode()
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    headers.append((b"content-length", str(len(body)).encode()))
    status = HTTPStatus.SERVICE_UNAVAILABLE if problem else HTTPStatus.OK
    await send({"type": "http.response.start", "status": status.value, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _closing(send: Send) -> Send:
    """`send`, telling the caller that the connection ends with this answer."""

    async def closed(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"connection", b"close")]
        await send(message)

    return closed


@contextmanager
def following(services: Services) -> Iterator[None]:
    """Within the block newer versions of the index, and of what is played together, are opened in the background."""
    stop = threading.Event()
    followed = (services.index, services.colistening)
    threads = [threading.Thread(target=one.keep_up, args=(stop,), daemon=True) for one in followed]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()


class Server(uvicorn.Server):
    """Serves until SIGTERM, and then for `drain_s` more.

    Args:
        app: answers; it has a lifespan, or passes over it.
        check: see `Readiness`.
        host, port: where it listens.
        drain_s: how long it goes on answering after SIGTERM.
        grace_s: how long answers in hand may take after that.
    """

    def __init__(
        self, app: Application, check: Callable[[], object], host: str, port: int, *, drain_s: float, grace_s: int
    ) -> None:
        self._readiness = Readiness(check)
        self._drain_s = drain_s
        super().__init__(
            uvicorn.Config(
                _with_readiness(app, self._readiness),
                host=host,
                port=port,
                lifespan="on",
                access_log=False,
                log_config=None,
                server_header=False,
                limit_concurrency=_AT_ONCE,
                timeout_keep_alive=_KEEP_ALIVE_S,
                timeout_graceful_shutdown=grace_s,
            )
        )

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 (uvicorn's signature)
        """Leave, in good order; who asks a second time is obeyed at once."""
        if self._readiness.is_leaving:
            self.should_exit = True
            return
        self._readiness.is_leaving = True
        threading.Thread(target=self._leave, daemon=True).start()  # a signal's handler must not write to the log itself

    def _leave(self) -> None:
        logger().info("leaving", answers_for_s=self._drain_s)
        time.sleep(self._drain_s)
        self.should_exit = True
