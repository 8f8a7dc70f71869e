"""What players of the OpenSubsonic routes tell of listening."""

import time
from hashlib import sha256
from typing import Any

import pytest

from api.bootstrap import services
from earshot.messages import RecordPlays
from earshot.plays import Play, listener_of
from tests.unit.api.world import World, direction, track

_NOW = int(time.time())
_HOUSE, _ANNA = (listener_of(sha256(key).hexdigest()) for key in (b"", b"anna"))
_ON_ONE_MACHINE = pytest.mark.parametrize("settings", [{"EARSHOT_STAGE": "local", "EARSHOT_API_KEYS": ""}])


def _ask(world: World, endpoint: str, **parameters: Any) -> dict[str, Any]:
    asked = {"f": "json", "u": "me", "v": "1.16.1", "c": "a player", **parameters}
    answer = world.request("POST", f"/rest/{endpoint}", data=asked)
    content: dict[str, Any] = answer.json()["subsonic-response"]
    return content


def _queued(world: World) -> list[Play]:
    messages = world.sqs.receive_message(QueueUrl=world.queues["plays"], MaxNumberOfMessages=10).get("Messages", [])
    return [play for message in messages for play in RecordPlays.from_json(message["Body"]).plays]


@_ON_ONE_MACHINE
def test_songs_that_were_played_are_plays_each_with_its_time(world: World) -> None:
    world.publish([track(1, isrc="GBARL9300135"), track(2)], [direction(a0=1), direction(a1=1)])
    asked = {"id": ["deezer:1", "deezer:2", "deezer:3"], "time": [_NOW * 1000 - 9000, _NOW * 1000 - 5000]}
    assert _ask(world, "scrobble", **asked)["status"] == "ok"
    plays = _queued(world)
    assert [(play.listener, play.named_id, play.title) for play in plays] == [
        (_HOUSE, "deezer:1", "Title 1"), (_HOUSE, "deezer:2", "Title 2"), (_HOUSE, "deezer:3", ""),
    ]  # fmt: skip
    assert [play.listened_at - _NOW for play in plays[:2]] == [-9, -5]
    assert plays[2].listened_at >= _NOW
    assert (plays[0].isrc, plays[0].client) == ("GBARL9300135", "a player")


@_ON_ONE_MACHINE
def test_what_plays_now_is_no_play_yet(world: World) -> None:
    assert _ask(world, "scrobble", id="deezer:1", submission="false", apiKey="anna")["status"] == "ok"
    assert _queued(world) == []
    playing = services().listeners.playing(_ANNA)
    assert playing is not None
    assert playing.named_id == "deezer:1"


@_ON_ONE_MACHINE
@pytest.mark.parametrize(
    ("asked", "code"),
    [({}, 10), ({"id": "?"}, 70), ({"id": "deezer:1", "time": "5"}, 0), ({"id": "deezer:1", "time": "x"}, 0)],
)
def test_what_cannot_be_a_play_is_refused(world: World, asked: dict[str, str], code: int) -> None:
    assert _ask(world, "scrobble", **asked)["error"]["code"] == code
    assert _queued(world) == []


@pytest.mark.parametrize("settings", [{"EARSHOT_API_KEYS": sha256(b"anna").hexdigest()}])
def test_of_who_shows_no_key_plays_are_accepted_and_forgotten_where_there_are_keys(world: World) -> None:
    assert _ask(world, "scrobble", id="deezer:1")["status"] == "ok"
    assert _queued(world) == []
    assert _ask(world, "star", id="deezer:1")["error"]["code"] == 40
    assert _ask(world, "scrobble", id="deezer:1", apiKey="anna")["status"] == "ok"
    assert [play.listener for play in _queued(world)] == [_ANNA]


@_ON_ONE_MACHINE
def test_stars_are_what_is_loved(world: World) -> None:
    world.publish([track(1), track(2)], [direction(a0=1), direction(a1=1)])
    assert _ask(world, "star", id=["deezer:1", "deezer:2"])["status"] == "ok"
    assert _ask(world, "unstar", id="deezer:2")["status"] == "ok"
    for endpoint, name in (("getStarred", "starred"), ("getStarred2", "starred2")):
        assert [song["id"] for song in _ask(world, endpoint)[name]["song"]] == ["deezer:1"]
        assert _ask(world, endpoint, apiKey="anna")[name] == {"song": []}
