"""A clip goes up; the real extractor hears it; the api finds the track it came from."""

import io
import json
import math
import struct
import wave
from collections.abc import Iterator
from typing import Any

import boto3
import numpy as np
import pytest

from earshot.index.transform import CatalogueTransform
from earshot.stores.sound_queries import SoundQueries
from earshot.tags import said
from tests.unit.api.world import DIM, World, track


def _wav(hertz: float, seconds: float = 4.0, rate: int = 16_000) -> bytes:
    to = io.BytesIO()
    with wave.open(to, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        wobble = (math.sin(2 * math.pi * hertz * n / rate) * math.sin(n / rate * 9) for n in range(int(seconds * rate)))
        file.writeframes(b"".join(struct.pack("<h", int(12_000 * value)) for value in wobble))
    return to.getvalue()


def _notification(key: str) -> dict[str, object]:
    body = {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": {"key": key.replace("/", "%2F")}}}]}
    record = {
        "messageId": "m1",
        "receiptHandle": "r1",
        "body": json.dumps(body),
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:extract",
        "awsRegion": "eu-central-1",
    }
    return {"Records": [record]}


class _Context:
    function_name = "extract"
    memory_limit_in_mb = 1769
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:extract"
    aws_request_id = "1"


_CONTEXT: Any = _Context()


@pytest.fixture
def extractor(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The extractor of this process, on the same AWS as the api."""
    from extractor import bootstrap

    monkeypatch.setenv("EARSHOT_MAX_TRIES", "5")
    wired = (bootstrap.previews, bootstrap.queries, bootstrap._s3)
    for each in wired:
        each.cache_clear()
    yield
    bootstrap.previews().close()
    for each in wired:
        each.cache_clear()


def test_a_clip_finds_the_track_it_was_cut_from(world: World, extractor: None) -> None:
    from extractor.handler import extract

    queries = SoundQueries(boto3.client("s3"), "previews")
    embeddings = []
    for hertz in (220.0, 1800.0):
        query = world.post("/queries", {"size": 1}).json()
        world.s3.put_object(Bucket="previews", Key=f"clips/{query['query_id']}", Body=_wav(hertz))
        assert extract(_notification(f"clips/{query['query_id']}"), _CONTEXT) == {"batchItemFailures": []}
        heard = queries.heard(query["query_id"])
        assert heard is not None
        assert heard.embedding is not None
        embeddings.append(heard.embedding.embedding)
    middle = np.mean(embeddings, axis=0)
    projection = np.random.default_rng(0).normal(size=(624, DIM)).astype(np.float32)
    transform = CatalogueTransform(middle, np.ones(624, np.float32), projection)
    world.publish([track(1), track(2)], list(transform(np.stack(embeddings))), transform=transform)
    answer = world.get(query["status_url"]).json()
    assert answer["status"] == "ready"
    assert answer["results"][0]["track_id"] == "deezer:2"
    assert answer["results"][0]["similarity"] > 0.99
    assert heard is not None
    assert [tag["name"] for tag in answer["tags"]] == [tag.name for tag in said(heard.tags)][:5]


def test_a_clip_that_is_no_audio_is_refused_with_its_reason(world: World, extractor: None) -> None:
    from extractor.handler import extract

    query = world.post("/queries", {"size": 1}).json()
    key = f"clips/{query['query_id']}"
    world.s3.put_object(Bucket="previews", Key=key, Body=b"no audio at all")
    assert extract(_notification(key), _CONTEXT) == {"batchItemFailures": []}
    answer = world.get(query["status_url"]).json()
    assert (answer["status"], answer["reason"]) == ("failed", "undecodable")
    assert "Contents" not in world.s3.list_objects_v2(Bucket="previews", Prefix="previews/")


def test_a_query_is_heard_once_however_often_something_is_uploaded(world: World, extractor: None) -> None:
    from extractor.handler import extract

    query = world.post("/queries", {"size": 1}).json()
    key = f"clips/{query['query_id']}"
    world.s3.put_object(Bucket="previews", Key=key, Body=b"no audio at all")
    extract(_notification(key), _CONTEXT)
    world.s3.put_object(Bucket="previews", Key=key, Body=_wav(220.0))
    assert extract(_notification(key), _CONTEXT) == {"batchItemFailures": []}
    assert world.get(query["status_url"]).json()["reason"] == "undecodable"
    assert "Contents" not in world.s3.list_objects_v2(Bucket="previews", Prefix="previews/")
