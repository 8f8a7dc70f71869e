"""Queries by sound: what the api makes of what was heard, and that nothing stays."""

import json
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
import requests

from api.bootstrap import services
from earshot.embedding import Embedding
from earshot.reasons import Reason
from earshot.stores import sound_queries
from earshot.stores.sound_queries import MAX_CLIP_BYTES, Heard
from earshot.track import Tag
from tests.calls import counted_calls
from tests.unit.api.world import DIM, World, direction, track

_CLIP = {"size": 4, "type": "audio/wav"}


def _put(query: Any, clip: bytes) -> requests.Response:
    upload = query["upload"]
    return requests.request(upload["method"], upload["url"], data=clip, headers=upload["headers"], timeout=5)


def _keys(world: World) -> list[str]:
    return [entry["Key"] for entry in world.s3.list_objects_v2(Bucket="previews").get("Contents", ())]


def _heard(model: str = "musicnn-msd@1") -> Heard:
    embedding = Embedding(direction(a0=1, a1=0.2) * 3, np.zeros(DIM, np.float32))
    return Heard(model, embedding, (Tag("jazz", 0.7),))


def test_a_clip_goes_up_and_its_neighbours_come_back(world: World) -> None:
    world.publish(
        [track(1, tags={"jazz": 0.5}), track(2), track(3)], [direction(a0=1), direction(a1=1), direction(a0=1, a1=1)]
    )
    opened = world.post("/queries", _CLIP)
    assert opened.status_code == 201
    query = opened.json()
    assert world.get(query["status_url"]).json()["status"] == "pending"
    assert _put(query, b"RIFF").status_code == 200
    assert services().queries.clip(query["query_id"], max_bytes=100) == b"RIFF"
    services().queries.settle(query["query_id"], _heard())
    answer = world.get(query["status_url"], k=2).json()
    assert answer["status"] == "ready"
    assert [found["track_id"] for found in answer["results"]] == ["deezer:1", "deezer:3"]
    assert answer["results"][0]["similarity"] == pytest.approx(1 / np.sqrt(1.04), abs=1e-3)
    assert answer["results"][0]["shared_tags"] == [{"name": "jazz", "strength": 0.5}]
    assert answer["tags"] == [{"name": "jazz", "probability": 0.7}]


def test_a_clip_that_is_given_as_a_url_is_left_to_the_crawler(world: World) -> None:
    opened = world.post("/queries", {"url": "https://cdn.example/clip.mp3"})
    assert (opened.status_code, opened.json()["upload"]) == (201, None)
    (message,) = world.sqs.receive_message(QueueUrl=world.queues["fetch-now"])["Messages"]
    assert json.loads(message["Body"]) == {
        "query_id": opened.json()["query_id"],
        "url": "https://cdn.example/clip.mp3",
    }
    services().queries.answer(opened.json()["query_id"], Heard("", reason=Reason.FORBIDDEN_URL, message="not allowed"))
    assert world.get(opened.json()["status_url"]).json()["reason"] == "forbidden_url"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/queries", {"url": "https://elsewhere.example/a.mp3"}),
        ("/crawls", {"playlist": "https://elsewhere.example/a.csv"}),
    ],
)
def test_a_host_that_is_not_asked_is_refused_at_once_and_nothing_is_queued(
    world: World, path: str, body: dict[str, str]
) -> None:
    answer = world.post(path, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "forbidden_url")
    assert not any(world.sqs.receive_message(QueueUrl=queue).get("Messages") for queue in world.queues.values())


@pytest.mark.parametrize("url", ["http://cdn.example/a", "file:///etc/passwd", "ftp://x", "https://" + "x" * 2050])
def test_only_https_is_taken(world: World, url: str) -> None:
    assert world.post("/queries", {"url": url}).status_code == 422


@pytest.mark.parametrize(
    "body",
    [{}, {"size": 4, "url": "https://cdn.example/a"}, {"size": 0}, {"size": -1}, {"size": 4, "type": "text/html"},
     {"size": 4, "type": "audio/mpeg\r\nx-evil: 1"}, {"type": "audio/mpeg"}],
)  # fmt: skip
def test_a_query_says_how_large_its_clip_is_or_where(world: World, body: dict[str, Any]) -> None:
    assert world.post("/queries", body).json()["error"]["code"] == "invalid_request"


def test_a_clip_that_is_too_large_is_refused_by_name_before_anything_is_kept(world: World) -> None:
    assert world.post("/queries", {"size": MAX_CLIP_BYTES}).status_code == 201
    before = _keys(world)
    answer = world.post("/queries", {"size": MAX_CLIP_BYTES + 1})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "clip_too_large")
    assert _keys(world) == before


def test_opening_a_query_lists_nothing_however_many_are_open(world: World) -> None:
    world.post("/queries", _CLIP)
    with counted_calls() as calls:
        world.post("/queries", _CLIP)
    assert [call.name for call in calls] == ["UpdateItem", "PutObject"]


def test_the_clip_is_gone_as_soon_as_it_was_heard(world: World) -> None:
    query = world.post("/queries", _CLIP).json()
    _put(query, b"clip")
    services().queries.settle(query["query_id"], _heard())
    assert _keys(world) == [f"queries/{query['query_id']}.json"]


def test_after_the_hour_nothing_is_left(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    abandoned = world.post("/queries", _CLIP).json()
    _put(abandoned, b"clip")
    heard = world.post("/queries", _CLIP).json()
    services().queries.settle(heard["query_id"], _heard())
    assert services().queries.sweep() == 0
    monkeypatch.setattr(sound_queries, "KEPT", timedelta(seconds=-1))
    assert world.get(heard["status_url"]).status_code == 404
    assert services().queries.sweep() == 3
    assert _keys(world) == []


def test_a_query_that_was_swept_is_not_brought_back_by_a_late_answer(world: World) -> None:
    query = world.post("/queries", _CLIP).json()
    world.s3.delete_object(Bucket="previews", Key=f"queries/{query['query_id']}.json")
    services().queries.settle(query["query_id"], _heard())
    assert _keys(world) == []


def test_a_clip_that_cannot_be_heard_says_why(world: World) -> None:
    query = world.post("/queries", _CLIP).json()
    services().queries.settle(query["query_id"], Heard("musicnn-msd@1", reason=Reason.SILENT, message="it is silent"))
    answer = world.get(query["status_url"]).json()
    assert (answer["status"], answer["reason"], answer["message"]) == ("failed", "silent", "it is silent")


def test_features_of_another_network_are_not_compared(world: World) -> None:
    world.publish([track(1)], [direction(a0=1)])
    query = world.post("/queries", _CLIP).json()
    services().queries.settle(query["query_id"], _heard("choi-2017@1"))
    assert world.get(query["status_url"]).json()["reason"] == "other_model"


@pytest.mark.parametrize("query_id", ["0" * 32, "..%2F..%2Flatest", "x", "0" * 33])
def test_unknown_queries_are_not_found(world: World, query_id: str) -> None:
    assert world.get(f"/queries/{query_id}").status_code in (404, 422)
