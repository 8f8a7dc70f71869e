"""A crawl that the HTTP port has accepted is known, whatever dies right after."""

import asyncio
import gzip
import json
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest

from local.asgi import App
from local.front_door import noting
from ops.ledger import Asked, Ledger

Message = MutableMapping[str, Any]
_COMPRESSED = gzip.compress(b'{"crawl_id": "c1"}')


def _answering(status: int, body: bytes) -> App:
    """An application that reads its request and answers in two parts."""

    async def app(scope: Message, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": status, "headers": [(b"location", b"/crawls/c1")]})
        await send({"type": "http.response.body", "body": body[:5], "more_body": True})
        await send({"type": "http.response.body", "body": body[5:]})

    return app


def _asked(ledger: Ledger, app: App, body: bytes, *, method: str = "POST", path: str = "/crawls") -> list[Message]:
    """What the application behind the notes answers to a request that comes in two parts."""
    sent: list[Message] = []
    parts: Iterator[Message] = iter([{"body": body[:9], "more_body": True}, {"body": body[9:]}])

    async def receive() -> Message:
        return {"type": "http.request", **next(parts)}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(noting(ledger, app)({"type": "http", "method": method, "path": path}, receive, send))
    return sent


@pytest.mark.parametrize("remove_missing", [False, True])
def test_an_accepted_crawl_is_noted_as_it_was_asked_for(tmp_path: Path, remove_missing: bool) -> None:
    body = json.dumps({"playlist": "/music", "remove_missing": remove_missing}).encode()
    sent = _asked(Ledger(tmp_path), _answering(202, _COMPRESSED), body)
    assert Ledger(tmp_path).unsettled() == {"c1": Asked("/music", remove_missing)}
    assert b"".join(message.get("body", b"") for message in sent) == _COMPRESSED


@pytest.mark.parametrize(
    ("status", "method", "path"), [(422, "POST", "/crawls"), (202, "GET", "/crawls"), (202, "POST", "/queries")]
)
def test_nothing_else_is_noted(tmp_path: Path, status: int, method: str, path: str) -> None:
    body = b'{"playlist": "/music"}'
    sent = _asked(Ledger(tmp_path), _answering(status, _COMPRESSED), body, method=method, path=path)
    assert sent[0]["status"] == status
    assert Ledger(tmp_path).unsettled() == {}


@pytest.mark.parametrize("body", [b'{"again": "20261127T214557Z-6676660f"}', b'{"text": "A - B", "playlist": null}'])
def test_a_crawl_that_was_asked_for_without_its_playlist_is_answered_all_the_same(tmp_path: Path, body: bytes) -> None:
    sent = _asked(Ledger(tmp_path), _answering(202, _COMPRESSED), body)
    assert sent[0]["status"] == 202
