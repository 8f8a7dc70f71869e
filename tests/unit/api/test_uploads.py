"""Where a page is told to put a clip, and what S3 takes there."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from api.bootstrap import services
from api.one_machine.clips import take_clip
from api.one_machine.protocol import Message
from earshot.ids import QueryId
from earshot.reasons import Reason
from earshot.stores import sound_queries
from earshot.stores.sound_queries import MAX_CLIP_BYTES, Heard
from tests.unit.api.world import World

REGIONS = ("us-east-1", "eu-west-1", "us-west-2", "ap-southeast-1", "eu-central-1")


@pytest.mark.parametrize("region", REGIONS)
def test_an_upload_address_names_its_region_and_signs_size_type_and_that_nothing_is_there(
    world: World, monkeypatch: pytest.MonkeyPatch, region: str
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    services.cache_clear()
    upload = services().queries.upload(QueryId("0" * 32), 1234, "audio/mpeg")
    address = urlsplit(upload.url)
    asked = parse_qs(address.query)
    in_the_name = "" if region == "us-east-1" else f".{region}"  # where S3's own name leads
    assert address.hostname == f"previews.s3{in_the_name}.amazonaws.com"
    assert asked["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert asked["X-Amz-SignedHeaders"] == ["content-length;content-type;host;if-none-match"]
    assert upload.headers == {"Content-Type": "audio/mpeg", "If-None-Match": "*"}


def test_the_page_may_talk_to_the_bucket_and_nobody_else(world: World) -> None:
    policy = world.get("/").headers["content-security-policy"]
    connect = next(part.split()[1:] for part in policy.split("; ") if part.startswith("connect-src"))
    assert connect == ["'self'", "https://previews.s3.eu-central-1.amazonaws.com"]


_LOCAL = pytest.mark.parametrize("settings", [{"EARSHOT_STAGE": "local"}])


def _put(world: World, url: str, clip: bytes) -> httpx.Response:
    return world.request("PUT", url, content=clip, headers={"Host": "192.168.1.5:8000", "Content-Type": "audio/webm"})


@_LOCAL
def test_on_one_machine_the_api_takes_the_clip_itself_and_names_no_host(world: World) -> None:
    opened = world.post("/queries", {"size": 4, "type": "audio/webm"}).json()
    upload = opened["upload"]
    assert upload["url"] == f"/queries/{opened['query_id']}/clip"
    assert upload["headers"] == {"Content-Type": "audio/webm"}
    answer = _put(world, upload["url"], b"RIFF")
    assert (answer.status_code, answer.content) == (204, b"")
    assert services().queries.clip(opened["query_id"], max_bytes=100) == b"RIFF"
    policy = world.get("/").headers["content-security-policy"]
    assert "connect-src 'self' ;" in policy


@_LOCAL
def test_a_clip_goes_only_to_a_query_that_waits_for_one(world: World) -> None:
    unknown = _put(world, f"/queries/{'0' * 32}/clip", b"RIFF")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "query_not_found")
    opened = world.post("/queries", {"size": 4}).json()
    services().queries.settle(opened["query_id"], Heard("musicnn-msd@1", reason=Reason.SILENT))
    assert _put(world, opened["upload"]["url"], b"RIFF").status_code == 404
    assert world.request("PUT", "/queries/..%2F..%2Flatest/clip", content=b"x").status_code in (404, 405)


@_LOCAL
def test_of_a_clip_that_is_too_large_nothing_is_kept_whatever_was_announced(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert world.post("/queries", {"size": MAX_CLIP_BYTES + 1}).status_code == 413
    opened = world.post("/queries", {"size": 4}).json()
    monkeypatch.setattr(sound_queries, "MAX_CLIP_BYTES", 10)
    answer = _put(world, opened["upload"]["url"], bytes(11))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "clip_too_large")
    assert services().queries.clip(opened["query_id"], max_bytes=100) is None


@_LOCAL
def test_half_a_clip_is_not_kept_when_who_sends_it_goes(world: World) -> None:
    query_id = QueryId(world.post("/queries", {"size": 4}).json()["query_id"])
    messages: list[Message] = [{"type": "http.request", "body": b"RI", "more_body": True}, {"type": "http.disconnect"}]
    coming = iter(messages)

    async def receive() -> Message:
        return next(coming)

    asyncio.run(take_clip(query_id, {"path": f"/queries/{query_id}/clip", "headers": []}, receive, services()))
    assert services().queries.clip(query_id, max_bytes=100) is None
    assert services().queries.is_open(query_id)


def test_in_the_cloud_the_api_takes_no_clips(world: World) -> None:
    assert _put(world, f"/queries/{'0' * 32}/clip", b"RIFF").status_code in (404, 405, 415)


def test_the_page_may_use_the_microphone_and_nothing_else_of_the_device(world: World) -> None:
    assert world.get("/").headers["permissions-policy"] == "microphone=(self), camera=(), geolocation=()"
