"""Passing a request on and its answer back, byte by byte: streams, ranges, uploads; nothing is kept or looked at."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus

import httpx

from earshot.telemetry import logger
from proxy.protocol import Receive, Scope, Send

_HOP_BY_HOP = frozenset({
    b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te", b"trailer",
    b"transfer-encoding", b"upgrade",
})  # fmt: skip
_TIMEOUT = httpx.Timeout(10.0, read=300.0, write=300.0)
_LIMITS = httpx.Limits(max_connections=200, max_keepalive_connections=50)

Header = tuple[bytes, bytes]


def connections() -> httpx.AsyncClient:
    """To the upstream: no redirect is followed, no cookie kept, no proxy of the environment used."""
    return httpx.AsyncClient(timeout=_TIMEOUT, limits=_LIMITS, follow_redirects=False, trust_env=False)


class Forward:
    """Passes requests to `upstream`, an address without a slash at its end.

    Args:
        client: as `connections` makes it.
        upstream: where the server is.
    """

    def __init__(self, client: httpx.AsyncClient, upstream: str) -> None:
        self._client = client
        self._upstream = upstream

    async def __call__(self, scope: Scope, receive: Receive, send: Send, body: bytes | None = None) -> None:
        """Answer as the upstream does. `body`: the request's, where it was read already."""
        has_been_read = asyncio.Event()
        content = _stream(receive, has_been_read) if body is None else None
        if content is None or not _has_body(scope):
            has_been_read.set()
            content = None
        request = httpx.Request(
            scope["method"], self._address(scope), headers=self._headers(scope), content=body or content
        )
        passing = asyncio.create_task(self._pass(request, scope, send))
        leaving = asyncio.create_task(_left(receive, has_been_read))
        try:
            await asyncio.wait((passing, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            if not passing.done():
                passing.cancel()
            await asyncio.gather(passing, leaving, return_exceptions=True)
        if not passing.cancelled() and (error := passing.exception()):
            raise error

    async def _pass(self, request: httpx.Request, scope: Scope, send: Send) -> None:
        try:
            response = await self._client.send(request, stream=True)
        except httpx.HTTPError as error:
            logger().warning("the media server does not answer", error=type(error).__name__)
            await refuse(send, HTTPStatus.BAD_GATEWAY, f"The media server at {self._upstream} does not answer.\n")
            return
        try:
            headers = [self._as_seen_here(header, scope) for header in _kept(response.headers.raw)]
            await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
            async for chunk in response.aiter_raw():  # as they come: a size would make it wait for more
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except httpx.HTTPError as error:
            # Too late for another status: the answer stays without its end, and the listener sees it torn.
            logger().warning("the media server stopped in the middle", error=type(error).__name__)
        finally:
            await response.aclose()

    def _address(self, scope: Scope) -> str:
        raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        path, query = raw_path.partition(b"?")[0].decode("latin-1"), scope["query_string"].decode("latin-1")
        return f"{self._upstream}{path}?{query}" if query else f"{self._upstream}{path}"

    def _headers(self, scope: Scope) -> list[Header]:
        kept = [header for header in _kept(scope["headers"]) if header[0] != b"host"]
        if not any(name == b"accept-encoding" for name, _ in kept):
            kept.append((b"accept-encoding", b"identity"))
        client = scope.get("client") or ("", 0)
        kept.append((b"host", httpx.URL(self._upstream).netloc))
        kept.append((b"x-forwarded-for", client[0].encode()))
        kept.append((b"x-forwarded-host", _host(scope)))
        kept.append((b"x-forwarded-proto", scope["scheme"].encode()))
        return kept

    def _as_seen_here(self, header: Header, scope: Scope) -> Header:
        name, value = header
        upstream = self._upstream.encode()
        if name.lower() == b"location" and value.startswith(upstream) and (host := _host(scope)):
            return name, scope["scheme"].encode() + b"://" + host + value[len(upstream) :]
        return header


async def refuse(send: Send, status: HTTPStatus, text: str) -> None:
    """Answer in plain text."""
    body = text.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status.value, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _host(scope: Scope) -> bytes:
    return next((value for name, value in scope["headers"] if name == b"host"), b"")


def _has_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])


def _kept(headers: list[Header]) -> list[Header]:
    """Those that are not for the next hop alone."""
    named = b",".join(value for name, value in headers if name.lower() == b"connection").lower().split(b",")
    own = _HOP_BY_HOP | {name.strip() for name in named}
    return [(name.lower(), value) for name, value in headers if name.lower() not in own]


async def _stream(receive: Receive, has_been_read: asyncio.Event) -> AsyncIterator[bytes]:
    """The request's body as it comes."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise httpx.ReadError("the listener left")
        yield message.get("body", b"")
        if not message.get("more_body", False):
            has_been_read.set()
            return


async def _left(receive: Receive, has_been_read: asyncio.Event) -> None:
    """Until nobody listens any more: then nothing more is asked of the upstream."""
    await has_been_read.wait()
    while (await receive())["type"] != "http.disconnect":
        pass
