"""Queries by sound: what the api makes of what was heard, and that nothing stays."""

import json
from datetime import timedelta

import numpy as np
import pytest
import requests

from api.bootstrap import services
from earshot.embedding import Embedding
from earshot.reasons import Reason
from earshot.stores import sound_queries
from earshot.stores.sound_queries import Heard
from earshot.track import Tag
from tests.unit.api.world import DIM, World, direction, track


def _keys(world: World) -> list[str]:
    return [entry["Key"] for entry in world.s3.list_objects_v2(Bucket="previews").get("Contents", ())]


def _heard(model: str = "musicnn-msd@1") -> Heard:
    embedding = Embedding(direction(a0=1, a1=0.2) * 3, np.zeros(DIM, np.float32))
    return Heard(model, embedding, (Tag("jazz", 0.7),))


def test_a_clip_goes_up_and_its_neighbours_come_back(world: World) -> None:
    world.publish(
        [track(1, tags={"jazz": 0.5}), track(2), track(3)], [direction(a0=1), direction(a1=1), direction(a0=1, a1=1)]
    )
    opened = world.post("/queries", {})
    assert opened.status_code == 201
    query = opened.json()
    assert world.get(query["status_url"]).json()["status"] == "pending"
    assert requests.put(query["upload"]["url"], data=b"RIFF...", timeout=5).status_code == 200
    assert services().queries.clip(query["query_id"], max_bytes=100) == b"RIFF..."
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


@pytest.mark.parametrize("url", ["http://cdn.example/a", "file:///etc/passwd", "ftp://x", "https://" + "x" * 2050])
def test_only_https_is_taken(world: World, url: str) -> None:
    assert world.post("/queries", {"url": url}).status_code == 422


def test_a_query_needs_no_body(world: World) -> None:
    assert world.request("POST", "/queries").status_code == 201


def test_the_clip_is_gone_as_soon_as_it_was_heard(world: World) -> None:
    query = world.post("/queries", {}).json()
    requests.put(query["upload"]["url"], data=b"clip", timeout=5)
    services().queries.settle(query["query_id"], _heard())
    assert _keys(world) == [f"queries/{query['query_id']}.json"]


def test_after_the_hour_nothing_is_left(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    abandoned = world.post("/queries", {}).json()
    requests.put(abandoned["upload"]["url"], data=b"clip", timeout=5)
    heard = world.post("/queries", {}).json()
    services().queries.settle(heard["query_id"], _heard())
    assert services().queries.sweep() == 0
    monkeypatch.setattr(sound_queries, "KEPT", timedelta(seconds=-1))
    assert world.get(heard["status_url"]).status_code == 404
    assert services().queries.sweep() == 3
    assert _keys(world) == []


def test_a_query_that_was_swept_is_not_brought_back_by_a_late_answer(world: World) -> None:
    query = world.post("/queries", {}).json()
    world.s3.delete_object(Bucket="previews", Key=f"queries/{query['query_id']}.json")
    services().queries.settle(query["query_id"], _heard())
    assert _keys(world) == []


def test_a_clip_that_cannot_be_heard_says_why(world: World) -> None:
    query = world.post("/queries", {}).json()
    services().queries.settle(query["query_id"], Heard("musicnn-msd@1", reason=Reason.SILENT, message="it is silent"))
    answer = world.get(query["status_url"]).json()
    assert (answer["status"], answer["reason"], answer["message"]) == ("failed", "silent", "it is silent")


def test_features_of_another_network_are_not_compared(world: World) -> None:
    world.publish([track(1)], [direction(a0=1)])
    query = world.post("/queries", {}).json()
    services().queries.settle(query["query_id"], _heard("choi-2017@1"))
    assert world.get(query["status_url"]).json()["reason"] == "other_model"


@pytest.mark.parametrize("query_id", ["0" * 32, "..%2F..%2Flatest", "x", "0" * 33])
def test_unknown_queries_are_not_found(world: World, query_id: str) -> None:
    assert world.get(f"/queries/{query_id}").status_code in (404, 422)
