"""PUT /tracks/{id}: have one track heard."""

import json

import pytest

from earshot.clock import Timestamp
from earshot.ids import TrackId
from earshot.reasons import Reason
from earshot.track import Tag, TrackInfo
from tests.unit.api.world import World

quickly = pytest.mark.parametrize("settings", [{"EARSHOT_REQUEST_WAIT_S": "0"}])


def _messages(world: World) -> list[dict[str, object]]:
    answer = world.sqs.receive_message(QueueUrl=world.queues["fetch-now"], MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in answer.get("Messages", ())]


@quickly
def test_an_unknown_track_is_accepted_and_fetched(world: World) -> None:
    answer = world.request("PUT", "/tracks/https%3A%2F%2Fwww.deezer.com%2Ftrack%2F42")
    assert answer.status_code == 202
    assert answer.json() == {
        "track_id": "deezer:42",
        "status": "pending",
        "reason": None,
        "status_url": "/tracks/deezer%3A42",
    }
    assert answer.headers["location"] == "/tracks/deezer%3A42"
    assert [message["track_id"] for message in _messages(world)] == ["deezer:42"]
    assert world.get(answer.json()["status_url"]).json()["status"] == "pending"


@quickly
def test_a_ready_track_is_there_already(world: World) -> None:
    info = TrackInfo(TrackId("deezer:1"), "deezer", title="T")
    world.table.store_embedding(
        info,
        embedding=b"\0\0",
        drift=b"\0\0",
        tags=[Tag("pop", 0.5)],
        model="musicnn-msd@1",
        preview_at=Timestamp("2026"),
    )
    answer = world.request("PUT", "/tracks/deezer:1")
    assert (answer.status_code, answer.json()["status"], answer.json()["title"]) == (200, "ready", "T")
    assert _messages(world) == []


@quickly
def test_what_no_provider_knows_is_404_and_what_is_no_id_422(world: World) -> None:
    world.table.register(TrackInfo(TrackId("deezer:1"), "deezer"))
    world.table.mark_no_preview(TrackId("deezer:1"), reason=Reason.NOT_FOUND)
    assert world.request("PUT", "/tracks/deezer:1").status_code == 404
    assert world.request("PUT", "/tracks/file:0123456789abcdef").status_code == 404
    assert world.request("PUT", "/tracks/nonsense").status_code == 422
