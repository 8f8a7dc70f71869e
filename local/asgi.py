"""What stands between uvicorn and the application speaks ASGI: https://asgi.readthedocs.io."""

from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from http import HTTPStatus

Message = MutableMapping[str, object]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Coroutine[object, object, None]]


async def refuse(send: Send, status: HTTPStatus, body: bytes) -> None:
    """Answer with a line of text."""
    described = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": described})
    await send({"type": "http.response.body", "body": body})
