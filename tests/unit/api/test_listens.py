"""Plays of a listener: taken in, shown, exported, deleted, and nobody else's business."""

import json
import logging
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import httpx
import pytest

from api.bootstrap import services
from earshot.clock import now_iso
from earshot.history import History
from earshot.ids import TrackId
from earshot.messages import RecordPlays
from earshot.plays import Play, listener_of
from earshot.stores.listeners_table import Opinion, Taste
from tests.unit.api.world import World

_KEY = "a long word"
_ME, _OTHER = (listener_of(sha256(key.encode()).hexdigest()) for key in (_KEY, "another"))
_NOW = int(time.time())

Ask = Callable[..., httpx.Response]


@pytest.fixture
def ask(world: World) -> Ask:
    def asked(method: str, path: str, body: Any = None, key: str = _KEY, **query: Any) -> httpx.Response:
        return world.request(method, path, json=body, params=query or None, headers={"X-Api-Key": key})

    return asked


def _queued(world: World) -> list[Play]:
    messages = world.sqs.receive_message(QueueUrl=world.queues["plays"], MaxNumberOfMessages=10).get("Messages", [])
    return [play for message in messages for play in RecordPlays.from_json(message["Body"]).plays]


def _heard(*ats: int, key: str = _KEY) -> None:
    listener = listener_of(sha256(key.encode()).hexdigest())
    services().listeners.note_plays(Play(listener, at, title=f"Song {at}", artists=("One",)) for at in ats)


def test_plays_are_named_by_a_track_or_by_what_the_player_calls_them(world: World, ask: Ask) -> None:
    sent = [
        {"listened_at": _NOW, "track_id": "https://www.deezer.com/track/3135556", "played_ms": 2000},
        {"listened_at": _NOW - 9, "title": "One", "artists": ["Two"], "isrc": "gb-arl-93-00135", "skipped": True},
    ]
    answer = ask("POST", "/listens", {"listens": sent * 2})
    assert (answer.status_code, answer.json()) == (202, {"accepted": 2, "listener": _ME})
    by_id, by_name = _queued(world)
    assert (by_id.named_id, by_id.is_skip, by_id.listener) == ("deezer:3135556", True, _ME)
    assert (by_name.title, by_name.artists, by_name.isrc, by_name.is_skip) == ("One", ("Two",), "GBARL9300135", True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"listened_at": _NOW},
        {"listened_at": _NOW, "title": "One"},
        {"listened_at": _NOW, "track_id": "nothing"},
        {"listened_at": _NOW + 86_400, "track_id": "deezer:1"},
        {"listened_at": 5, "track_id": "deezer:1"},
        {"track_id": "deezer:1"},
        {"listened_at": _NOW, "track_id": "deezer:1", "isrc": "x"},
        {"listened_at": _NOW, "track_id": "deezer:1", "duration_ms": 10**12},
        {"listened_at": _NOW, "track_id": "deezer:1", "user": "me"},
    ],
    ids=["nothing", "no-artist", "no-id", "tomorrow", "long-ago", "never", "no-isrc", "too-long", "another-word"],
)
def test_a_play_that_cannot_be_is_refused_and_none_of_the_others_taken(
    world: World, ask: Ask, wrong: dict[str, Any]
) -> None:
    answer = ask("POST", "/listens", {"listens": [{"listened_at": _NOW, "track_id": "deezer:1"}, wrong]})
    assert (answer.status_code, answer.json()["error"]["code"]) in {
        (422, "invalid_request"), (422, "invalid_track_id"),
    }  # fmt: skip
    assert _queued(world) == []


@pytest.mark.parametrize("settings", [{"EARSHOT_API_KEYS": sha256(_KEY.encode()).hexdigest()}])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/listens", {"listens": [{"listened_at": _NOW, "track_id": "deezer:1"}]}),
        ("PUT", "/listens/now", {"track_id": "deezer:1"}),
        ("GET", "/listens", None),
        ("GET", "/listens/export", None),
        ("DELETE", "/listens", None),
        ("GET", "/opinions", None),
        ("PUT", "/opinions/deezer:1", {"opinion": "loved"}),
        ("DELETE", "/opinions/deezer:1", None),
    ],
)
def test_nothing_of_a_listener_is_done_for_who_has_no_key(
    world: World, ask: Ask, method: str, path: str, body: Any
) -> None:
    _heard(_NOW)
    for key in ("", "another"):
        refused = ask(method, path, body, key=key)
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "key_required")
    assert _queued(world) == []
    assert len(services().listeners.recent(_ME, 9)) == 1
    answer = ask(method, path, body)
    assert answer.is_success
    assert answer.headers["cache-control"] == "private, no-store"


def test_ones_plays_are_shown_page_by_page_also_those_of_one_second(ask: Ask) -> None:
    services().listeners.note_plays(Play(_ME, _NOW - n // 3, title=f"Song {n}", artists=("One",)) for n in range(10))
    _heard(_NOW, key="another")
    titles: list[str] = []
    before: dict[str, str] = {}
    for _ in range(6):
        page = ask("GET", "/listens", limit=2, **before).json()
        titles += [listen["title"] for listen in page["listens"]]
        if page["before"] is None:
            break
        before = {"before": page["before"]}
    assert sorted(titles) == sorted(f"Song {n}" for n in range(10))
    assert page["listener"] == _ME


def test_what_plays_now_is_shown_beside_what_was_played(ask: Ask) -> None:
    assert ask("PUT", "/listens/now", {"track_id": "deezer:7", "title": "Now", "duration_ms": 9000}).status_code == 202
    shown = ask("GET", "/listens").json()
    assert (shown["playing"]["title"], shown["listens"]) == ("Now", [])


def test_an_export_holds_every_item_of_the_listener_and_none_of_another(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.http.routes.listens._EXPORTED", 3)
    _heard(*range(_NOW - 7, _NOW))
    _heard(_NOW, key="another")
    services().listeners.say(_ME, "deezer:1", Opinion.LOVED)  # type: ignore[arg-type]  # an id
    services().listeners.note_taste(_ME, Taste((("deezer:1", 0.5),), now_iso()))  # type: ignore[arg-type]
    services().listeners.note_history(_ME, History.of([(TrackId("deezer:1"), 20_000)], 2, now_iso()))
    lines: list[dict[str, Any]] = []
    address = "/listens/export"
    for _ in range(9):
        page = ask("GET", address)
        assert page.headers["content-type"] == "application/x-ndjson"
        lines += map(json.loads, page.text.splitlines())
        if "link" not in page.headers:
            break
        address = page.headers["link"].partition("<")[2].partition(">")[0]
    assert [line["listened_at"] for line in lines if "listened_at" in line] == list(range(_NOW - 7, _NOW))
    assert {line["item"] for line in lines if "listened_at" not in line} == {"history", "opinion#deezer:1", "taste"}
    assert {line["listener"] for line in lines} == {_ME}


def test_who_asks_to_be_forgotten_is_and_nobody_else(ask: Ask) -> None:
    _heard(*range(_NOW - 30, _NOW))
    _heard(_NOW, key="another")
    ask("PUT", "/opinions/deezer:1", {"opinion": "banned"})
    ask("PUT", "/listens/now", {"track_id": "deezer:7"})
    forgotten = ask("DELETE", "/listens")
    assert forgotten.status_code == 202
    assert forgotten.json()["asked_at"] < forgotten.json()["gone_by"]
    assert ask("GET", "/listens").json() == {"listener": _ME, "playing": None, "listens": [], "before": None}
    assert ask("GET", "/opinions").json()["opinions"] == {}
    assert ask("GET", "/listens/export").text == ""
    assert services().listeners.forgotten_at([_ME, _OTHER]).keys() == {_ME}
    assert len(services().listeners.recent(_OTHER, 9)) == 1


def test_a_track_is_loved_or_banned_or_neither(ask: Ask) -> None:
    url = "https%3A%2F%2Fwww.deezer.com%2Ftrack%2F1"
    assert ask("PUT", f"/opinions/{url}", {"opinion": "loved"}).json() == {"track_id": "deezer:1", "opinion": "loved"}
    assert ask("PUT", "/opinions/deezer:2", {"opinion": "banned"}).json()["opinion"] == "banned"
    assert ask("GET", "/opinions").json()["opinions"] == {"deezer:1": "loved", "deezer:2": "banned"}
    assert ask("DELETE", "/opinions/deezer:1").json() == {"track_id": "deezer:1", "opinion": None}
    assert ask("GET", "/opinions").json()["opinions"] == {"deezer:2": "banned"}
    assert ask("PUT", "/opinions/deezer:2", {"opinion": "meh"}).status_code == 422


@pytest.mark.parametrize("settings", [{"EARSHOT_STAGE": "dev", "EARSHOT_QUOTA_PER_HOUR": "2"}])
def test_what_costs_is_charged_to_the_key_and_playing_is_not(ask: Ask) -> None:
    asked = [ask("PUT", "/opinions/deezer:1", {"opinion": "loved"}).status_code for _ in range(3)]
    assert asked == [200, 200, 429]
    play = {"listens": [{"listened_at": _NOW, "track_id": "deezer:1"}]}
    assert {ask("POST", "/listens", play).status_code for _ in range(3)} == {202}


def test_no_log_line_says_what_anybody_plays(
    world: World, ask: Ask, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    caplog.set_level(logging.DEBUG, "earshot")
    monkeypatch.setattr(services().plays_queue, "send", broken)
    listen = {"listened_at": _NOW, "track_metadata": {"track_name": "A secret song", "artist_name": "Somebody"}}
    body = {"listen_type": "single", "payload": [listen]}
    assert world.request("POST", "/1/submit-listens", json=body, headers={"X-Api-Key": _KEY}).status_code == 503
    listens = {"listens": [{"listened_at": _NOW, "title": "A secret song", "artists": ["Somebody"]}]}
    assert ask("POST", "/listens", listens).status_code == 500
    written = caplog.text + "".join(capfd.readouterr())
    assert "broken" in written
    for secret in ("secret", "Somebody", _KEY, _ME):
        assert secret not in written
