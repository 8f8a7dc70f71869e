"""How covers are served, and where answers say that they are."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from earshot.covers import SIZES
from earshot.stores.covers_bucket import CoversBucket
from tests.unit.api.world import World, direction, running_world, track

_COVER = "0123456789abcdef" * 2


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with running_world(tmp_path, EARSHOT_STAGE="local", EARSHOT_COVERS_BUCKET="covers") as running:
        running.s3.create_bucket(Bucket="covers", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        CoversBucket(running.s3, "covers").put(_COVER, {size: b"\xff\xd8\xff" + bytes([size % 256]) for size in SIZES})
        tracks = [
            track(1, cover=_COVER, artwork_url="https://e.example/x.jpg"),
            track(2, artwork_url="https://e.example/y.jpg"),
            track(3, cover="none"),
        ]
        for one in tracks:
            running.table.register(one.info)
        running.publish(tracks, [direction(a1=1, a2=number) for number in range(3)])
        yield running


def test_a_cover_comes_in_the_size_that_is_enough_and_may_be_kept_for_ever(world: World) -> None:
    for asked, size in ((1, 96), (96, 96), (97, 500), (5000, 500)):
        answer = world.get(f"/covers/{_COVER}", size=asked)
        assert (answer.status_code, answer.content[-1]) == (200, size % 256)
        assert answer.headers["content-type"] == "image/jpeg"
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    etag = answer.headers["etag"]
    again = world.request("GET", f"/covers/{_COVER}", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    small = world.request("GET", f"/covers/{_COVER}", params={"size": 96}, headers={"If-None-Match": etag})
    assert small.status_code == 200
    head = world.request("HEAD", f"/covers/{_COVER}")
    assert (head.status_code, head.content) == (200, b"")


def test_what_is_no_cover_is_refused_with_its_reason(world: World) -> None:
    for path, status, code in (
        (f"/covers/{'f' * 32}", 404, "cover_not_found"),
        ("/covers/none", 422, "invalid_request"),
        ("/tracks/deezer:3/cover", 404, "cover_not_found"),
        ("/tracks/deezer:9/cover", 404, "track_not_found"),
    ):
        answer = world.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), path


def test_a_stage_without_covers_has_none(tmp_path: Path) -> None:
    with running_world(tmp_path) as cloud:
        assert cloud.get(f"/covers/{_COVER}").json()["error"]["code"] == "cover_not_found"


def test_answers_lists_and_players_say_where_covers_are(world: World) -> None:
    assert world.get("/tracks/deezer:1").json()["artwork_url"] == f"/covers/{_COVER}"
    found = world.get("/similar", track_id="deezer:3").json()
    shown = {one["track_id"]: one["artwork_url"] for one in (*found["query"], *found["results"])}
    assert shown == {"deezer:1": f"/covers/{_COVER}", "deezer:2": "https://e.example/y.jpg", "deezer:3": None}
    assert "cover" not in found["results"][0]
    listed = world.get("/similar", track_id="deezer:3", format="xspf").text
    assert f"/covers/{_COVER}</image>" in listed
    assert "<image>http" in listed
    assert world.request("GET", "/tracks/deezer:1/cover").headers["location"] == f"/covers/{_COVER}?size=500"
    assert world.request("GET", "/tracks/deezer:2/cover").headers["location"] == "https://e.example/y.jpg"
    song = world.get("/rest/getSong", id="deezer:1", f="json").json()["subsonic-response"]["song"]
    assert world.get("/rest/getCoverArt", id=song["coverArt"], size=90).content == b"\xff\xd8\xff" + bytes([96])
    assert world.get(f"/covers/{_COVER}", size=0).status_code == 422
