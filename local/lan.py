"""Earshot for the other devices of a house: who has the link that `make up HOST=0.0.0.0` prints, and nobody else.

The link carries a key, which is made once and kept beside the stack's state. A browser that opens it keeps the key as
a cookie, because what plays audio sends no header of our own; programs send it as X-Api-Key. This machine itself needs
none, as before.
"""

import hmac
import io
import ipaddress
import os
import secrets
import socket
from collections.abc import Iterable
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import cast
from urllib.parse import parse_qsl, quote, urlencode

import segno

from local.asgi import App, Message, Receive, Send, refuse

_FILE = "lan.key"
_COOKIE = "earshot_key"
_KEPT_S = 365 * 24 * 3600
_SOMEWHERE = ("192.0.2.1", 9)  # RFC 5737: for documentation. A UDP socket that is connected sends nothing.


def key_of(directory: Path) -> str:
    """The key of the stack whose state is in `directory`; made at the first time, readable for its owner alone."""
    path = directory / _FILE
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(key := secrets.token_urlsafe(24))
    return key


def invitation(port: int, key: str) -> str:
    """The link for other devices, and the same to be photographed."""
    link = f"http://{_address()}:{port}/?{urlencode({'key': key})}"
    drawn = io.StringIO()
    segno.make_qr(link).terminal(drawn, compact=True)
    return f"for your other devices: {link}\n{drawn.getvalue()}"


def _address() -> str:
    """Of this machine in its network; its name, if it is in none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(_SOMEWHERE)
        except OSError:
            return socket.gethostname()
        return str(asking.getsockname()[0])


def with_key(key: str, app: App, *, here: App) -> App:
    """`app` for other machines that show the key, 401 for the rest of them; `here` for this one."""

    async def guarded(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _is_here(scope):
            await here(scope, receive, send)
            return
        query = parse_qsl(cast("bytes", scope["query_string"]).decode("latin-1"), keep_blank_values=True)
        if scope["method"] == "GET" and any(name == "key" and _is(value, key) for name, value in query):
            rest = urlencode([pair for pair in query if pair[0] != "key"])
            await _keep(key, quote(cast("str", scope["path"])) + ("?" if rest else "") + rest, send)
        elif any(_is(shown, key) for shown in _shown(scope)):
            await app({**scope, "headers": _of_listener(scope, key)}, receive, send)
        else:
            text = b"This Earshot is somebody's own. Open the link that it printed when it was started.\n"
            await refuse(send, HTTPStatus.UNAUTHORIZED, text)

    return guarded


def _is_here(scope: Message) -> bool:
    client = cast("tuple[str, int] | None", scope.get("client"))
    return client is not None and ipaddress.ip_address(client[0]).is_loopback


def _is(shown: str, key: str) -> bool:
    return hmac.compare_digest(shown.encode(), key.encode())


def _shown(scope: Message) -> Iterable[str]:
    for name, value in cast("Iterable[tuple[bytes, bytes]]", scope["headers"]):
        if name == b"x-api-key":
            yield value.decode("latin-1")
        elif name == b"authorization" and value[:7].lower() == b"bearer ":  # so plugins of AudioMuse-AI send it
            yield value[7:].strip().decode("latin-1")
        elif name == b"authorization" and value[:6].lower() == b"token ":  # so players that speak ListenBrainz do
            yield _parts(value)[0]
        elif name == b"cookie":
            try:
                cookies: SimpleCookie = SimpleCookie(value.decode("latin-1"))
            except CookieError:
                continue
            if _COOKIE in cookies:
                yield cookies[_COOKIE].value


def _of_listener(scope: Message, key: str) -> list[tuple[bytes, bytes]]:
    """The headers without the house's key, which names no listener: `Token KEY.anna` is `Token anna` within."""
    kept = []
    for name, value in cast("Iterable[tuple[bytes, bytes]]", scope["headers"]):
        if name == b"authorization" and value[:6].lower() == b"token " and _is((parts := _parts(value))[0], key):
            kept += [(name, f"Token {parts[1]}".encode("latin-1"))] if parts[1] else []
        elif name != b"x-api-key" or not _is(value.decode("latin-1"), key):
            kept.append((name, value))
    return kept


def _parts(value: bytes) -> tuple[str, str]:
    key, _, listener = value[6:].strip().decode("latin-1").partition(".")
    return key, listener


async def _keep(key: str, then: str, send: Send) -> None:
    cookie = f"{_COOKIE}={key}; Path=/; Max-Age={_KEPT_S}; HttpOnly; SameSite=Lax"
    headers = [
        (b"location", f"/{then.lstrip('/')}".encode()),  # two slashes would lead to another machine
        (b"set-cookie", cookie.encode()),
        (b"cache-control", b"no-store"),
        (b"referrer-policy", b"no-referrer"),
        (b"content-length", b"0"),
    ]
    await send({"type": "http.response.start", "status": HTTPStatus.SEE_OTHER, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
