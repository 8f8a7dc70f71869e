"""Who else in the house gets in when the port is open: those with the link."""

import asyncio
import stat
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest

from config.local import LocalSettings
from local.lan import invitation, key_of, with_key
from tests.unit.local.tiny_handlers import app

_KEY = "correct-horse"


def _asked(
    *, client: str = "192.168.1.7", query: str = "", method: str = "GET", path: str = "/similar", **headers: str
) -> tuple[int, dict[str, str]]:
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    described = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "headers": described}
    scope |= {"client": (client, 50000), "query_string": query.encode()}
    asyncio.run(with_key(_KEY, app, here=app)(scope, receive, send))
    return int(sent[0]["status"]), {name.decode(): value.decode() for name, value in sent[0]["headers"]}


@pytest.mark.parametrize("client", ["127.0.0.1", "127.0.0.2", "::1"])
def test_this_machine_needs_no_key(client: str) -> None:
    assert _asked(client=client)[0] == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("headers", [{}, {"x_api_key": "wrong"}, {"cookie": "earshot_key=wrong"}, {"cookie": "}{=;,"}])
def test_without_the_key_nothing_is_answered_not_even_the_page(method: str, headers: dict[str, str]) -> None:
    assert _asked(method=method, path="/", **headers)[0] == 401


@pytest.mark.parametrize("headers", [{"x_api_key": _KEY}, {"cookie": f"theme=dark; earshot_key={_KEY}"}])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_with_the_key_all_is_answered(method: str, headers: dict[str, str]) -> None:
    assert _asked(method=method, **headers)[0] == 200


def test_who_opens_the_link_gets_a_cookie_and_an_address_without_the_key() -> None:
    status, headers = _asked(path="/path", query=f"from=a%26b&key={_KEY}&to=c")
    assert (status, headers["location"]) == (303, "/path?from=a%26b&to=c")
    assert headers["set-cookie"].startswith(f"earshot_key={_KEY}; ")
    assert {"HttpOnly", "SameSite=Lax"} <= set(headers["set-cookie"].split("; "))


@pytest.mark.parametrize("path", ["//evil.example/x", "/\r\nset-cookie: a=b", "https://evil.example"])
def test_the_link_leads_nowhere_else(path: str) -> None:
    location = _asked(path=path, query=f"key={_KEY}")[1]["location"]
    assert location.startswith("/")
    assert not location.startswith("//")
    assert location.isprintable()


def test_a_wrong_key_in_a_link_leads_nowhere() -> None:
    assert _asked(query="key=wrong")[0] == 401


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    key = key_of(tmp_path)
    assert key_of(tmp_path) == key
    assert len(key) >= 32
    assert stat.S_IMODE((tmp_path / "lan.key").stat().st_mode) == 0o600
    assert f"/?key={key}\n" in invitation(8000, key)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("x-api-key", _KEY, 200),
        ("authorization", f"Bearer {_KEY}", 200),
        ("authorization", f"Basic {_KEY}", 401),
        ("authorization", "Bearer wrong", 401),
    ],
)
def test_programs_show_the_key_in_a_header(name: str, value: str, expected: int) -> None:
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": "/", "query_string": b""}
    scope |= {"client": ("10.0.0.7", 1), "headers": [(name.encode(), value.encode())]}
    asyncio.run(with_key(_KEY, app, here=app)(scope, app, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == expected


def test_what_guards_this_machine_does_not_stand_in_the_way_of_who_has_the_key() -> None:
    """Other devices may call the machine by any name; a page elsewhere that does so has no key."""

    async def nobody(_scope: object, _receive: object, send: Any) -> None:
        await send({"type": "http.response.start", "status": 421, "headers": []})

    def status(client: str) -> int:
        sent: list[MutableMapping[str, Any]] = []

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        scope: dict[str, Any] = {"type": "http", "method": "GET", "path": "/", "query_string": b""}
        scope |= {"client": (client, 1), "headers": [(b"x-api-key", _KEY.encode())]}
        asyncio.run(with_key(_KEY, app, here=nobody)(scope, nobody, send))  # type: ignore[arg-type]
        return int(sent[0]["status"])

    assert (status("127.0.0.1"), status("10.0.0.7")) == (421, 200)


def test_only_all_networks_or_none_can_be_listened_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", "0.0.0.0")
    assert LocalSettings().local_host == "127.0.0.1", "a shell's own HOST opens nothing"


@pytest.mark.parametrize(
    ("header", "within"),
    [
        ((b"authorization", b"Token " + _KEY.encode() + b".anna"), [(b"authorization", b"Token anna")]),
        ((b"authorization", b"token " + _KEY.encode()), []),
        ((b"x-api-key", _KEY.encode()), []),
    ],
)
def test_a_player_elsewhere_shows_the_key_and_who_listens(header: tuple[bytes, bytes], within: Any) -> None:
    seen: list[Any] = []

    async def app(scope: Any, *_: Any) -> None:
        seen.append(scope["headers"])

    async def receive() -> MutableMapping[str, Any]:
        return {}

    scope: dict[str, Any] = {
        "type": "http", "method": "POST", "path": "/1/submit-listens", "query_string": b"",
        "client": ("192.168.1.9", 5), "headers": [header],
    }  # fmt: skip
    asyncio.run(with_key(_KEY, app, here=app)(scope, receive, app))
    assert seen == [within]
