"""The types of ASGI (https://asgi.readthedocs.io), and a request that was read to its end."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MAX_FORM_BYTES = 64 * 1024
_FORM = b"application/x-www-form-urlencoded"
_OF_THE_USER = ("u", "p", "t", "s", "apiKey", "c", "v")
_HEADERS_OF_THE_USER = (b"authorization", b"cookie")


class TooLong(Exception):
    """The body of a question has more bytes than any question needs."""


@dataclass(frozen=True)
class Asked:
    """A question: its scope and its whole body."""

    scope: Scope
    body: bytes

    @classmethod
    async def read(cls, scope: Scope, receive: Receive) -> "Asked":
        """The request with its body.

        Raises:
            TooLong
        """
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > MAX_FORM_BYTES:
                raise TooLong
            if not message.get("more_body", False):
                return cls(scope, bytes(body))

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """By name, of the address and of a form (OpenSubsonic's `formPost`); of repeated ones the first."""
        found: dict[str, str] = {}
        for name, value in self._given:
            found.setdefault(name, value)
        return found

    def all(self, name: str) -> list[str]:
        """The values of a parameter that may be repeated."""
        return [value for given, value in self._given if given == name and value]

    @cached_property
    def _given(self) -> list[tuple[str, str]]:
        texts = [self.scope["query_string"].decode("latin-1")]
        if self.headers.get(b"content-type", b"").lower().startswith(_FORM):
            texts.append(self.body.decode("latin-1"))
        return [pair for text in texts for pair in parse_qsl(text, keep_blank_values=True)]

    @cached_property
    def headers(self) -> Mapping[bytes, bytes]:
        """By name in lower case."""
        return {name.lower(): value for name, value in self.scope["headers"]}

    @cached_property
    def user(self) -> Mapping[str, str]:
        """The parameters that say who asks, and prove it."""
        return {name: self.parameters[name] for name in _OF_THE_USER if name in self.parameters}

    @cached_property
    def user_headers(self) -> Mapping[bytes, bytes]:
        """The headers that do."""
        return {name: self.headers[name] for name in _HEADERS_OF_THE_USER if name in self.headers}
