"""GET /tracks/{id} and GET /health."""

import json
import time

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from api.bootstrap import services
from api.handler import api
from earshot.clock import Timestamp
from earshot.ids import TrackId
from earshot.track import Tag, TrackInfo
from tests.unit.api.world import World, direction, track


def test_a_track_shows_its_status_provider_tags_and_model(world: World) -> None:
    info = TrackInfo(TrackId("deezer:1"), "deezer", title="T", artists=("A",), isrc="DEA123456789")
    world.table.register(info)
    assert world.get("/tracks/deezer:1").json()["status"] == "pending"
    world.table.store_embedding(
        info,
        embedding=b"\0\0",
        drift=b"\0\0",
        tags=[Tag("rock", 0.5)],
        model="musicnn-msd@1",
        preview_at=Timestamp("2026-11-20T00:00:00Z"),
        provider="deezer",
    )
    seen = world.get("/tracks/deezer:1").json()
    assert (seen["status"], seen["provider"], seen["model"]) == ("ready", "deezer", "musicnn-msd@1")
    assert seen["tags"] == [{"name": "rock", "probability": 0.5, "said": True}]
    assert (seen["isrc"], seen["indexed"]) == ("DEA123456789", False)
    world.publish([track(1)], [direction(a0=1)])
    time.sleep(0.11)
    assert world.get("/tracks/deezer:1").json()["indexed"] is True


@pytest.mark.parametrize("form", ["deezer:1", "deezer%3A1", "https%3A%2F%2Fwww.deezer.com%2Ftrack%2F1"])
def test_a_track_is_found_by_every_form_of_its_id(world: World, form: str) -> None:
    world.table.register(TrackInfo(TrackId("deezer:1"), "deezer"))
    assert world.get(f"/tracks/{form}").json()["track_id"] == "deezer:1"


def test_an_unknown_track_is_404_and_a_bad_id_422(world: World) -> None:
    assert world.get("/tracks/deezer:1").status_code == 404
    assert world.get("/tracks/what").status_code == 422


def test_health_says_that_there_is_no_index(world: World) -> None:
    assert world.get("/health").json() == {
        "status": "no_index", "stage": "test", "index": None, "spaces": {}, "popularity": False,
    }  # fmt: skip


def test_health_describes_the_index_version(world: World) -> None:
    version = world.publish([track(1)], [direction(a0=1)])
    health = world.get("/health").json()
    index = health["index"]
    assert health["spaces"]["sound"]["version"] == version
    assert (index["version"], index["tracks"], index["model"]) == (version, 1, "musicnn-msd@1")
    assert (index["recall"], index["search_k"], index["build_s"]) == (1.0, None, 2.5)


@pytest.mark.parametrize("settings", [{"EARSHOT_INDEX_CHECK_EVERY_S": "300"}])
def test_news_of_an_index_version_makes_it_answer_at_once(world: World) -> None:
    world.publish([track(1)], [direction(a0=1)])
    assert world.get("/health").json()["index"]["tracks"] == 1
    newest = world.publish([track(1), track(2)], [direction(a0=1), direction(a1=1)])
    assert world.get("/health").json()["index"]["tracks"] == 1
    message = {"version": newest, "tracks": 2, "added": 1, "removed": 0, "model": "m", "built_at": "2026"}
    event = {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": {"Message": json.dumps(message)}}]}
    assert api(event, LambdaContext()) == {}
    assert world.get("/health").json()["index"]["version"] == newest


def test_crawls_come_in_pages(world: World) -> None:
    for number in range(1, 6):
        world.post("/crawls", {"playlist": f"deezer:playlist:{number}"})
    whole = world.get("/crawls").json()["crawls"]
    pages = [world.get("/crawls", limit=2, offset=offset).json()["crawls"] for offset in (0, 2, 4, 6)]
    assert [crawl for page in pages for crawl in page] == whole
    assert len(whole) == 5


def test_tracks_are_looked_up_by_this_very_title_and_artist_however_they_are_spelled(world: World) -> None:
    infos = [
        TrackInfo(TrackId("deezer:1"), "deezer", title="Ágætis byrjun", artists=("Sigur Rós",)),
        TrackInfo(TrackId("deezer:2"), "deezer", title="Ágætis byrjun (Live)", artists=("Sigur Rós",)),
        TrackInfo(TrackId("file:00000000000000aa"), "file", title="Agaetis Byrjun", artists=("Sigur Ros",)),
        TrackInfo(TrackId("deezer:3"), "deezer", title="Ágætis byrjun", artists=("Somebody",)),
    ]
    for info in infos:
        world.table.register(info)
    services().matching.songs.note(infos)
    found = world.get("/tracks", title="ágætis Byrjun", artist="sigur ros").json()["tracks"]
    assert [track["track_id"] for track in found] == ["file:00000000000000aa", "deezer:1"]
    assert world.get("/tracks", title="Nothing", artist="Sigur Rós").json() == {"tracks": []}
    assert world.get("/tracks", title="Ágætis byrjun").status_code == 422


def test_a_track_is_removed_once_and_is_not_found_by_anything_until_it_is_asked_for(world: World) -> None:
    info = TrackInfo(TrackId("deezer:1"), "deezer", title="Song", artists=("Ann",))
    world.table.register(info)
    services().matching.songs.note([info])
    removed = world.request("DELETE", "/tracks/https%3A%2F%2Fwww.deezer.com%2Ftrack%2F1")
    assert (removed.status_code, removed.json()) == (200, {"track_id": "deezer:1"})
    assert world.request("DELETE", "/tracks/deezer:1").status_code == 404
    assert world.get("/tracks/deezer:1").status_code == 404
    assert world.get("/tracks", title="Song", artist="Ann").json() == {"tracks": []}
    assert not world.table.register(info)
    assert list(world.table.scan()) == []
    assert world.request("PUT", "/tracks/deezer:1").status_code == 202
    assert world.get("/tracks/deezer:1").json()["title"] == "Song"
