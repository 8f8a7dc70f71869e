"""The ASGI application: what is asked of Earshot goes to the answers, all else to the upstream."""

import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from http import HTTPStatus

from earshot.api_client import ApiClient
from earshot.errors import ProviderUnavailable
from earshot.media_servers.subsonic_answers import written
from proxy.answers import Answers, Content
from proxy.forward import Forward, connections, refuse
from proxy.listening import Listening
from proxy.protocol import Asked, Receive, Scope, Send, TooLong
from proxy.sound import Sound
from proxy.upstream import Upstream

_ENDPOINT = re.compile(r"/rest/([A-Za-z0-9]+)(?:\.view)?")
_EXTENSIONS = "getOpenSubsonicExtensions"


class Proxy:
    """Stands in front of the server at `upstream` and asks Earshot's API at `api`.

    Args:
        upstream: address of an OpenSubsonic server, perhaps with a path.
        api: client of Earshot's API.
        keys: under which Earshot is told what users play, by their names; of others under the client's own.
    """

    def __init__(self, upstream: str, api: ApiClient, keys: Mapping[str, str] | None = None) -> None:
        address = upstream.rstrip("/")
        self._client = connections()
        self._forward = Forward(self._client, address)
        asking = Upstream(self._client, address)
        self._answers = Answers(asking, Sound(api))
        self._listening = Listening(asking, self._answers.track_of, api, keys or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; of a lifespan, its end closes the connections."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        match = _ENDPOINT.fullmatch(scope["path"])
        endpoint = match[1] if match and scope["method"] in ("GET", "POST") else ""
        is_told = self._listening.hears(endpoint)
        if endpoint != _EXTENSIONS and not is_told and not self._answers.answers(endpoint):
            await self._forward(scope, receive, send)
            return
        try:
            asked = await Asked.read(scope, receive)
        except TooLong:
            await refuse(send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "No question is that long.\n")
            return
        content = None if is_told else await self._content(endpoint, asked)
        if content is None:
            await self._forward(scope, receive, send, asked.body)
            if is_told:
                self._listening.tell(endpoint, asked)
        else:
            await _write(content, asked, send)

    async def _content(self, endpoint: str, asked: Asked) -> Content | None:
        if endpoint != _EXTENSIONS:
            return await self._answers.of(endpoint, asked)
        try:
            return await self._answers.extensions(asked)
        except ProviderUnavailable:
            return None

    async def _live(self, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as closing:
            closing.push_async_callback(self._client.aclose)
            closing.push_async_callback(self._listening.close)
            while (message := await receive())["type"] != "lifespan.shutdown":
                await send({"type": f"{message['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})


async def _write(content: Content, asked: Asked, send: Send) -> None:
    media_type, text = written(content, asked.parameters)
    body = text.encode()
    headers = [
        (b"content-type", f"{media_type}; charset=utf-8".encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"access-control-allow-origin", b"*"),  # as media servers do: players in browsers are on other origins
    ]
    await send({"type": "http.response.start", "status": HTTPStatus.OK.value, "headers": headers})
    await send({"type": "http.response.body", "body": body})
