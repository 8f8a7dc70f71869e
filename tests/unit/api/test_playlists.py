"""Playlists that have been crawled: what they are called, how they stand, and what people do with them."""

import json
from typing import Any

import boto3
import pytest

from earshot.crawls import CrawlEntry
from earshot.ids import CrawlId, PlaylistId, TrackId
from earshot.messages import CrawlPlaylist
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.playlists import Playlists, playlist_id_of
from earshot.track import TrackInfo
from tests.unit.api.world import World

_COVER = "https://cdn-images.dzcdn.net/images/cover/{}/500x500.jpg"


@pytest.fixture
def crawls(world: World) -> CrawlsTable:
    return CrawlsTable(boto3.client("dynamodb"), "crawls")


def _crawled(crawls: CrawlsTable, crawl_id: str, playlist: str, *, place: str = "", title: str = "") -> PlaylistId:
    """Do to the tables what the crawler does; the playlist's id."""
    crawls.start(CrawlPlaylist(CrawlId(crawl_id), playlist))
    crawls.note_place(CrawlId(crawl_id), place or playlist)
    _playlists().note_crawl(crawls.summary(crawl_id), title)
    return playlist_id_of(place or playlist)


def _playlists() -> Playlists:
    return Playlists(boto3.client("dynamodb"), "crawls")


def _listed(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.get("/playlists").json()["playlists"]
    return found


def test_a_playlist_is_called_by_a_person_else_by_its_source_else_after_its_place(
    world: World, crawls: CrawlsTable
) -> None:
    _crawled(crawls, "1", "/music/Late Night", place="file:///music/Late%20Night")
    _crawled(crawls, "2", "/lists/My songs.m3u8")
    _crawled(crawls, "3", "deezer:playlist:7")
    named = _crawled(crawls, "4", "deezer:playlist:8", title="Rock of the Week")
    names = {playlist["name"] for playlist in _listed(world)}
    assert names == {"Late Night", "My songs", "Deezer playlist 7", "Rock of the Week"}
    changed = world.request("PATCH", f"/playlists/{named}", json={"name": "  Mine "}).json()
    assert (changed["name"], changed["title"], changed["is_named"]) == ("Mine", "Rock of the Week", True)
    changed = world.request("PATCH", f"/playlists/{named}", json={"name": ""}).json()
    assert (changed["name"], changed["is_named"]) == ("Rock of the Week", False)


def test_however_often_a_playlist_is_crawled_it_is_one_and_shows_its_latest_crawl(
    world: World, crawls: CrawlsTable
) -> None:
    playlist_id = _crawled(crawls, "1", "https://www.deezer.com/playlist/7", place="deezer:playlist:7", title="Seven")
    crawls.finish(CrawlId("1"))
    _crawled(crawls, "2", "deezer:playlist:7", place="deezer:playlist:7")
    _playlists().note_crawl(crawls.summary("1"), "")  # an old message that comes late
    (playlist,) = _listed(world)
    assert (playlist["crawl"]["crawl_id"], playlist["name"]) == ("2", "Seven")
    assert playlist["crawl"]["playlist_id"] == playlist["playlist_id"] == playlist_id
    assert world.get(f"/playlists/{playlist_id}").json() == playlist


def test_covers_are_those_of_the_first_tracks_and_none_is_shown_twice(world: World, crawls: CrawlsTable) -> None:
    playlist_id = _crawled(crawls, "1", "deezer:playlist:7")
    ids = [TrackId(f"deezer:{number}") for number in range(8)]
    for number, track_id in enumerate(ids[:7]):
        artwork = _COVER.format(number // 2) if number else None
        world.table.register(TrackInfo(track_id, "deezer", artwork_url=artwork))
    _playlists().note_first(playlist_id, ids)
    assert _listed(world)[0]["covers"] == [_COVER.format(number) for number in range(4)]


def test_playlists_come_page_by_page(world: World, crawls: CrawlsTable) -> None:
    ids = {_crawled(crawls, str(number), f"deezer:playlist:{number}") for number in range(5)}
    first = world.get("/playlists", limit=3).json()
    rest = world.get("/playlists", limit=3, after=first["next"]).json()
    assert {playlist["playlist_id"] for page in (first, rest) for playlist in page["playlists"]} == ids
    assert rest["next"] is None


def test_a_schedule_says_when_the_next_crawl_is_due_and_is_taken_back(world: World, crawls: CrawlsTable) -> None:
    path = f"/playlists/{_crawled(crawls, '1', 'deezer:playlist:7')}"
    assert (world.get(path).json()["again"], world.get(path).json()["next_crawl"]) == ("never", None)
    weekly = world.request("PATCH", path, json={"again": "weekly"}).json()
    daily = world.request("PATCH", path, json={"again": "daily"}).json()
    assert weekly["next_crawl"] > daily["next_crawl"] > daily["crawl"]["started"]
    assert world.request("PATCH", path, json={"again": "never"}).json()["next_crawl"] is None


@pytest.mark.parametrize("body", [{}, {"again": "hourly"}, {"name": "x" * 201}, {"due": "now"}])
def test_a_change_that_is_none_is_refused(world: World, crawls: CrawlsTable, body: dict[str, str]) -> None:
    path = f"/playlists/{_crawled(crawls, '1', 'deezer:playlist:7')}"
    assert world.request("PATCH", path, json=body).status_code == 422


def test_what_is_no_playlist_is_404_and_nothing_is_written(world: World) -> None:
    for method, body in (("GET", None), ("PATCH", {"name": "x"}), ("PATCH", {"again": "daily"}), ("DELETE", None)):
        answer = world.request(method, "/playlists/0123456789abcdef", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "playlist_not_found")
    assert _listed(world) == []


def test_a_playlist_is_forgotten_by_its_latest_crawl(world: World, crawls: CrawlsTable) -> None:
    playlist_id = _crawled(crawls, "1", "deezer:playlist:7")
    answer = world.request("DELETE", f"/playlists/{playlist_id}", params={"remove_tracks": "true"})
    assert (answer.status_code, answer.json()) == (202, {"crawl_id": "1", "status_url": "/crawls/1"})
    (message,) = world.sqs.receive_message(QueueUrl=world.queues["crawl"])["Messages"]
    sent = json.loads(message["Body"])
    assert (sent["crawl_id"], sent["remove_tracks"]) == ("1", True)


def test_a_cancelled_crawl_says_so_and_one_that_is_done_stays(world: World, crawls: CrawlsTable) -> None:
    _crawled(crawls, "1", "deezer:playlist:7")
    answer = world.request("POST", "/crawls/1/cancel").json()
    assert answer["cancelled"]
    assert answer["error"]["code"] == "crawl_cancelled"
    assert world.request("POST", "/crawls/1/cancel").json()["cancelled"] == answer["cancelled"]
    _crawled(crawls, "2", "deezer:playlist:8")
    world.table.register(TrackInfo(TrackId("deezer:1"), "deezer"))
    crawls.record_entries(CrawlId("2"), [CrawlEntry(0, TrackId("deezer:1"))])
    crawls.finish(CrawlId("2"))
    read = world.request("POST", "/crawls/2/cancel").json()  # its track still waits
    assert (bool(read["cancelled"]), read["error"]) == (True, None)
    _crawled(crawls, "3", "deezer:playlist:9")
    crawls.finish(CrawlId("3"))
    crawls.count("3", world.table)
    assert world.request("POST", "/crawls/3/cancel").json()["cancelled"] is None
    assert world.request("POST", "/crawls/4/cancel").status_code == 404


@pytest.mark.parametrize("settings", [{"EARSHOT_API_KEYS": "aa" * 32, "EARSHOT_STAGE": "dev"}])
def test_strangers_see_no_playlists_and_no_id_that_would_tell_which(world: World, crawls: CrawlsTable) -> None:
    playlist_id = _crawled(crawls, "1", "deezer:playlist:7")
    assert world.get("/playlists").status_code == 401
    assert world.get(f"/playlists/{playlist_id}").status_code == 401
    assert world.get("/crawls/1").json()["playlist_id"] is None
