"""Players that speak ListenBrainz's protocol, and what they make of the answers."""

import json
import time
from dataclasses import replace
from hashlib import sha256
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import EndpointConnectionError

from api.bootstrap import services
from earshot.clock import iso, moment_of
from earshot.history import History
from earshot.ids import TrackId
from earshot.messages import RecordPlays
from earshot.plays import ListenerId, Play, listener_of
from earshot.stores.listeners_table import Opinion
from tests.unit.api.world import World, track

_KEY = "a long word"
_ME = listener_of(sha256(_KEY.encode()).hexdigest())
_TOKEN = {"Authorization": f"Token {_KEY}"}
_MBID = "98255a8c-017a-4bc7-8dd6-1fa36124572b"
_AT = 1_443_521_965


def _listen(at: int | None = _AT, **info: Any) -> dict[str, Any]:
    metadata = {"artist_name": "Rick Astley", "track_name": "Never Gonna Give You Up", "release_name": "Whenever"}
    about = {"track_metadata": {**metadata, **({"additional_info": info} if info else {})}}
    return about if at is None else {"listened_at": at, **about}


def _submit(world: World, kind: str, payload: Any, headers: dict[str, str] = _TOKEN) -> httpx.Response:
    body = json.dumps({"listen_type": kind, "payload": payload}).encode()
    return world.request(
        "POST", "/1/submit-listens", content=body, headers=headers
    )  # as its clients do: without a type


def _queued(world: World) -> list[RecordPlays]:
    found = []
    while messages := world.sqs.receive_message(QueueUrl=world.queues["plays"], MaxNumberOfMessages=10).get("Messages"):
        found += [RecordPlays.from_json(message["Body"]) for message in messages]
    return found


def test_a_single_listen_is_accepted_when_the_queue_has_it(world: World) -> None:
    info: dict[str, Any] = {
        "recording_mbid": _MBID, "isrc": "GB-ARL-93-00135", "spotify_id": "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC",
        "duration_ms": 222_000, "duration_played": 200, "skipped": False, "submission_client": "multi-scrobbler",
        "artist_mbids": [""], "tags": ["rick rolled!"],
    }  # fmt: skip
    answer = _submit(world, "single", [_listen(**info)])
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert answer.headers["cache-control"] == "private, no-store"
    assert "Authorization" in answer.headers["vary"]
    ((play,),) = [message.plays for message in _queued(world)]
    assert play == Play(
        _ME, _AT, title="Never Gonna Give You Up", artists=("Rick Astley",), album="Whenever", mbid=_MBID,
        isrc="GBARL9300135", duration_ms=222_000, played_ms=200_000, skipped=False, client="multi-scrobbler",
        named_id=TrackId("4uLU6hMCjMI75M1A2tKUQC"),
    )  # fmt: skip


_NAVIDROME = {
    "submission_client": "navidrome", "submission_client_version": "0.58.0", "tracknumber": 3, "recording_mbid": _MBID,
    "artist_mbids": [""], "artist_names": ["Rick Astley", "A guest"], "release_mbid": "", "duration_ms": 213_573,
}  # fmt: skip
_WEB_SCROBBLER = {
    "submission_client": "Web Scrobbler", "submission_client_version": "3.12.0", "music_service_name": "Spotify",
    "origin_url": "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC", "duration": 213.57,
    "artist_names": ["Rick Astley", "A guest"],
}  # fmt: skip
_MULTI_SCROBBLER = {
    "artist_names": ["Rick Astley", "A guest"], "duration": 214, "track_mbid": _MBID, "music_service": "spotify.com",
    "origin_url": "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC", "duration_played": 120, "tracknumber": 3,
    "submission_client": "multi-scrobbler", "submission_client_version": "0.10.0", "release_artist_names": ["Rick"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("info", "known"),
    [
        (_NAVIDROME, {"mbid": _MBID, "duration_ms": 213_573, "played_ms": None, "named_id": None}),
        (_WEB_SCROBBLER, {"mbid": None, "duration_ms": 213_570, "named_id": "4uLU6hMCjMI75M1A2tKUQC"}),
        (
            _MULTI_SCROBBLER,
            {"mbid": _MBID, "duration_ms": 214_000, "played_ms": 120_000, "named_id": "4uLU6hMCjMI75M1A2tKUQC"},
        ),
    ],
    ids=["Navidrome", "Web Scrobbler", "multi-scrobbler"],
)
def test_what_players_send_by_their_sources_is_understood(
    world: World, info: dict[str, Any], known: dict[str, Any]
) -> None:
    assert _submit(world, "single", [_listen(**info)]).json() == {"status": "ok"}
    ((play,),) = [message.plays for message in _queued(world)]
    assert {name: getattr(play, name) for name in known} == known
    assert (play.artists, play.client) == (("Rick Astley", "A guest"), info["submission_client"])


def test_what_makes_no_sense_beside_the_names_is_left_out(world: World) -> None:
    info: dict[str, Any] = {
        "duration_ms": "long",
        "duration": float("inf"),
        "isrc": 7,
        "origin_url": "javascript:alert(1)",
        "skipped": "no",
    }
    assert _submit(world, "single", [_listen(**info)]).status_code == 200
    ((play,),) = [message.plays for message in _queued(world)]
    assert (play.duration_ms, play.isrc, play.named_id, play.skipped) == (None, None, None, None)


def test_half_a_character_in_a_name_reaches_whoever_records_plays(world: World) -> None:
    listen = _listen()
    listen["track_metadata"]["track_name"] = "Half \ud83d of it"
    assert _submit(world, "single", [listen]).status_code == 200
    assert _queued(world)[0].plays[0].title == "Half ? of it"


def test_an_import_of_a_thousand_is_a_few_messages_each_play_once(world: World) -> None:
    listens = [_listen(_AT + number // 2, recording_mbid=_MBID, duration_ms=1000) for number in range(1000)]
    assert _submit(world, "import", listens).status_code == 200
    messages = _queued(world)
    assert len(messages) <= 3
    assert sorted(play.listened_at - _AT for message in messages for play in message.plays) == list(range(500))


def test_messages_fit_into_the_queue_whatever_names_are_made_of(world: World) -> None:
    listens = [_listen(_AT + number) for number in range(120)]
    for listen in listens:
        listen["track_metadata"]["track_name"] = "\U0001f525" * 500
    assert _submit(world, "import", listens).status_code == 200
    messages = _queued(world)
    assert max(len(message.to_json()) for message in messages) < 256_000
    assert sum(len(message.plays) for message in messages) == 120


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("single", []),
        ("single", None),
        ("single", {}),
        ("single", [1]),
        ("single", [_listen(), _listen()]),
        ("playing_now", [_listen(None), _listen(None)]),
        ("playing_now", [_listen()]),
        ("scrobble", [_listen()]),
        (None, [_listen()]),
        (["single"], [_listen()]),
        ("import", [_listen()] * 1001),
        ("single", [_listen(None)]),
        ("single", [_listen(1_000_000_000)]),
        ("single", [_listen(4_000_000_000)]),
        ("single", [{**_listen(), "listened_at": "yesterday"}]),
        ("single", [{**_listen(), "listened_at": True}]),
        ("single", [{**_listen(), "listened_at": 1e999}]),
        ("single", [{**_listen(), "user_name": "rick"}]),
        ("single", [{"listened_at": _AT, "track_metadata": {"track_name": "x", "artist_name": ["y"]}}]),
        ("single", [{"listened_at": _AT, "track_metadata": {"track_name": " ", "artist_name": "y"}}]),
        ("single", [{"listened_at": _AT, "track_metadata": {"track_name": "x\0", "artist_name": "y"}}]),
        ("single", [_listen(recording_mbid="no uuid")]),
        ("single", [_listen(artist_mbids=[_MBID, 7])]),
        ("single", [_listen(tags=["x"] * 51)]),
        ("single", [_listen(tags=["x" * 65])]),
        ("single", [_listen(comment="x" * 10_240)]),
    ],
    ids=str,
)
def test_what_listenbrainz_refuses_is_refused_in_its_words(world: World, kind: Any, payload: Any) -> None:
    answer = _submit(world, kind, payload)
    assert (answer.status_code, answer.json()["code"]) == (400, 400)
    assert isinstance(answer.json()["error"], str)
    assert _queued(world) == []


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 50_000, b"\xff", b"null", b"9" * 5000, b" " * 2_200_000])
@pytest.mark.parametrize("path", ["/1/submit-listens", "/1/latest-import", "/1/feedback/recording-feedback"])
def test_what_is_no_submission_gets_an_error_that_clients_can_read(world: World, path: str, body: bytes) -> None:
    answer = world.request("POST", path, content=body, headers=_TOKEN)
    assert (answer.status_code, answer.json().keys(), answer.json()["code"]) == (400, {"code", "error"}, 400)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/1/stats/user/me/artists", 404), ("GET", "/1/", 404), ("PUT", "/1/submit-listens", 405)],
)
def test_what_there_is_not_is_said_in_its_shape(world: World, method: str, path: str, status: int) -> None:
    answer = world.request(method, path, headers=_TOKEN)
    assert (answer.status_code, answer.json().keys(), answer.json()["code"]) == (status, {"code", "error"}, status)


def test_a_queue_that_is_away_is_a_503_after_which_players_try_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://sqs.example")

    with monkeypatch.context() as patched:
        patched.setattr(services().plays_queue, "send", away)
        answer = _submit(world, "single", [_listen()])
    assert (answer.status_code, answer.json()["code"]) == (503, 503)
    assert "sqs" not in answer.text


@pytest.mark.parametrize("settings", [{"EARSHOT_PLAYS_PER_HOUR": "1000", "EARSHOT_STAGE": "dev"}])
def test_who_sends_more_than_the_quota_waits_and_loses_nothing(world: World) -> None:
    assert _submit(world, "import", [_listen(_AT + number) for number in range(999)]).status_code == 200
    assert _submit(world, "single", [_listen(_AT - 1)]).status_code == 200
    full = _submit(world, "single", [_listen(_AT - 2)])
    assert (full.status_code, full.json()["code"]) == (503, 503)
    assert 0 < int(full.headers["retry-after"]) <= 3600


@pytest.mark.parametrize("settings", [{"EARSHOT_API_KEYS": sha256(_KEY.encode()).hexdigest()}])
def test_on_a_stage_with_keys_a_token_is_one_of_them(world: World) -> None:
    assert _submit(world, "single", [_listen()]).status_code == 200
    for headers in ({}, {"Authorization": "Token guess"}, {"Authorization": _KEY}):
        refused = _submit(world, "single", [_listen()], headers)
        assert (refused.status_code, refused.json()["code"]) == (401, 401)
    assert len(_queued(world)) == 1
    assert world.get("/1/validate-token", token=_KEY).json()["valid"] is True
    assert world.get("/1/validate-token", token="guess").json() == {
        "code": 200,
        "message": "Token invalid.",
        "valid": False,
    }


def test_a_token_may_be_shown_either_way_and_is_asked_for(world: World) -> None:
    valid = {"code": 200, "message": "Token valid.", "valid": True, "user_name": "me"}
    assert world.request("GET", "/1/validate-token", headers=_TOKEN).json() == valid
    assert world.get("/1/validate-token", token=_KEY).json() == valid
    missing = world.get("/1/validate-token")
    assert (missing.status_code, missing.json()["code"]) == (400, 400)


@pytest.mark.parametrize("settings", [{"EARSHOT_API_KEYS": "", "EARSHOT_STAGE": "local"}])
def test_on_ones_own_machine_nobody_needs_a_key_and_who_has_one_is_somebody(world: World) -> None:
    assert _submit(world, "single", [_listen()], {}).status_code == 200
    assert _submit(world, "single", [_listen()]).status_code == 200
    listeners = [message.plays[0].listener for message in _queued(world)]
    assert sorted(listeners) == sorted([listener_of(sha256(b"").hexdigest()), _ME])


def test_where_strangers_share_a_stage_plays_need_a_word(world: World) -> None:
    assert _submit(world, "single", [_listen()], {}).status_code == 401


def _keep(*plays: Play) -> None:
    services().listeners.note_plays(plays)


def _play(at: int, listener: ListenerId = _ME) -> Play:
    return Play(listener, at, title=f"Song {at}", artists=("One", "Two"), album="LP", mbid=_MBID, played_ms=1500)


def test_ones_latest_plays_are_shown_to_oneself_alone(world: World) -> None:
    now = int(time.time())
    _keep(*(_play(now - number) for number in range(30)), _play(now, ListenerId("0" * 16)))
    payload = world.request("GET", "/1/user/me/listens", headers=_TOKEN).json()["payload"]
    assert (payload["count"], payload["user_id"], payload["latest_listen_ts"]) == (25, "me", now)
    assert [one["listened_at"] for one in payload["listens"]] == [now - number for number in range(25)]
    assert payload["listens"][0]["track_metadata"] == {
        "track_name": f"Song {now}", "artist_name": "One, Two", "release_name": "LP",
        "additional_info": {"recording_mbid": _MBID, "duration_played": 2},
    }  # fmt: skip
    assert world.request("GET", "/1/user/me/listens", headers={"X-Api-Key": "other"}).json()["payload"]["listens"] == []


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"max_ts": 6}, [5, 4, 3, 2, 1, 0]),
        ({"max_ts": 6, "count": 2}, [5, 4]),
        ({"min_ts": 6}, [9, 8, 7]),
        ({"min_ts": 2, "count": 3}, [5, 4, 3]),
        ({"min_ts": 2, "max_ts": 5}, [4, 3]),
    ],
    ids=str,
)
def test_plays_are_shown_before_or_after_a_time(world: World, query: dict[str, int], shown: list[int]) -> None:
    first = int(time.time()) - 100
    _keep(*(_play(first + number) for number in range(10)))
    asked = {name: value if name == "count" else first + value for name, value in query.items()}
    answer = world.request("GET", "/1/user/anybody/listens", params=asked, headers=_TOKEN).json()["payload"]
    assert [one["listened_at"] - first for one in answer["listens"]] == shown


def _counted(world: World) -> Any:
    return world.request("GET", "/1/user/me/listen-count", headers=_TOKEN).json()


def test_how_many_plays_there_are_is_told_of_oneself_also_of_those_of_long_ago(world: World) -> None:
    now = int(time.time())
    assert _counted(world) == {"payload": {"count": 0}}
    _keep(
        *(replace(_play(now - number), accepted_at=now - number) for number in range(3)),
        _play(now, ListenerId("0" * 16)),
    )
    assert _counted(world) == {"payload": {"count": 3}}
    services().listeners.note_history(_ME, History.of([], 4_000, iso(moment_of(now - 1))))
    assert _counted(world) == {"payload": {"count": 4_001}}


def test_a_count_that_is_none_is_refused(world: World) -> None:
    answer = world.request("GET", "/1/user/me/listens", params={"max_ts": "-1"}, headers=_TOKEN)
    assert (answer.status_code, answer.json()["code"]) == (400, 400)


def test_what_plays_now_is_shown_until_it_must_be_over(world: World) -> None:
    assert _submit(world, "playing_now", [_listen(None, duration_ms=180_000)]).status_code == 200
    assert _queued(world) == []
    (playing,) = world.request("GET", "/1/user/me/playing-now", headers=_TOKEN).json()["payload"]["listens"]
    assert playing["track_metadata"]["track_name"] == "Never Gonna Give You Up"
    assert "listened_at" not in playing
    (row,) = boto3.client("dynamodb").scan(TableName="listeners")["Items"]
    assert 170 < int(row["expires_at"]["N"]) - time.time() < 190
    services().listeners.note_playing(_play(int(time.time())), -1)
    assert world.request("GET", "/1/user/me/playing-now", headers=_TOKEN).json()["payload"]["count"] == 0


def test_an_importers_word_only_moves_forward(world: World) -> None:
    assert world.request("GET", "/1/latest-import", headers=_TOKEN).json()["latest_import"] == 0
    for until in (5, 9, 7):
        assert world.request("POST", "/1/latest-import", json={"ts": until}, headers=_TOKEN).json() == {"status": "ok"}
    assert world.request("GET", "/1/latest-import", headers=_TOKEN).json()["latest_import"] == 9


def test_feedback_on_a_recording_is_an_opinion_of_its_track(world: World) -> None:
    found = track(1, mbid=_MBID).info
    world.table.register(found)
    services().matching.songs.note([found])

    def say(score: object, mbid: str = _MBID) -> int:
        sent = {"recording_mbid": mbid, "score": score}
        return world.request("POST", "/1/feedback/recording-feedback", json=sent, headers=_TOKEN).status_code

    said = []
    for score in (1, -1, 0):
        assert say(score) == 200
        said.append(services().listeners.opinions(_ME))
    assert said == [{found.track_id: Opinion.LOVED}, {found.track_id: Opinion.BANNED}, {}]
    assert [say(2), say(True), say(1, "x"), say(1, _MBID.replace("9", "8"))] == [400, 400, 400, 404]
