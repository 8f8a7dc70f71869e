"""Which names the HTTP port of the local stack answers to."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from local.front_door import from_here, only_for
from tests.unit.local.tiny_handlers import app


def _status(host: str | None) -> int:
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    headers = [] if host is None else [(b"host", host.encode())]
    asyncio.run(only_for(["127.0.0.1", "localhost"], app)({"type": "http", "headers": headers}, receive, send))
    return int(sent[0]["status"])


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "localhost", "127.0.0.1", "LocalHost:8000"])
def test_requests_under_the_machines_own_names_are_answered(host: str) -> None:
    assert _status(host) == 200


@pytest.mark.parametrize("host", ["evil.example:8000", "localhost.evil.example", "", None, "[::1]:8000"])
def test_requests_under_another_name_are_refused(host: str | None) -> None:
    assert _status(host) == 421


def _changing(method: str, headers: dict[str, str], origins: list[str]) -> int:
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    described = [(name.encode(), value.encode()) for name, value in {"host": "localhost:8000", **headers}.items()]
    scope: dict[str, Any] = {"type": "http", "method": method, "headers": described}
    asyncio.run(from_here(origins, app)(scope, receive, send))
    return int(sent[0]["status"])


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"},
     {"sec-fetch-site": "same-site"}, {"origin": "http://localhost.evil.example:8000"},
     {"origin": "http://localhost:3000"}],
)  # fmt: skip
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_page_of_another_origin_changes_nothing(method: str, headers: dict[str, str]) -> None:
    assert _changing(method, headers, []) == 403
    assert _changing("GET", headers, []) == 200


@pytest.mark.parametrize(
    "headers",
    [{}, {"origin": "http://localhost:8000"}, {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}],
)  # fmt: skip
def test_our_own_page_and_programs_change_what_they_may(headers: dict[str, str]) -> None:
    assert _changing("POST", headers, []) == 200


def test_an_extension_that_scrobbles_shows_a_token() -> None:
    origin = {"origin": "moz-extension://5f9c", "sec-fetch-site": "cross-site"}
    assert _changing("POST", {**origin, "authorization": "Token anna"}, []) == 200
    assert _changing("POST", {**origin, "authorization": "Basic YTpi"}, []) == 403


def test_an_origin_that_was_admitted_may_change_things_too() -> None:
    headers = {"origin": "https://player.example", "sec-fetch-site": "cross-site"}
    assert _changing("POST", headers, ["https://player.example"]) == 200
    assert _changing("POST", headers, ["*"]) == 200
