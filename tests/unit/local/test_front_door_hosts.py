"""Which names the HTTP port of the local stack answers to."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from local.front_door import only_for
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
