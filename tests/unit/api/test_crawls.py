"""POST /crawls, GET /crawls, GET /crawls/{id}."""

import json

import boto3
import pytest

from crawler.counting import Counting
from earshot.clock import Timestamp
from earshot.crawls import CrawlEntry
from earshot.errors import PlaylistNotFound
from earshot.ids import CrawlId, TrackId
from earshot.messages import CountCrawl, CrawlPlaylist, parse_crawl
from earshot.reasons import Reason
from earshot.stores.crawls_table import CrawlsTable
from earshot.track import TrackInfo
from tests.unit.api.world import World


def _messages(world: World) -> list[dict[str, object]]:
    answer = world.sqs.receive_message(QueueUrl=world.queues["crawl"], MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in answer.get("Messages", ())]


@pytest.fixture
def crawls(world: World) -> CrawlsTable:
    return CrawlsTable(boto3.client("dynamodb"), "crawls")


@pytest.mark.parametrize("asked", [{}, {"remove_missing": False}, {"remove_missing": True}])
def test_a_crawl_is_accepted_queued_and_listed(world: World, asked: dict[str, bool]) -> None:
    answer = world.post("/crawls", {"playlist": "https://WWW.Deezer.com/fr/playlist/12", **asked})
    assert answer.status_code == 202
    started = answer.json()
    assert started["understood"] == "Deezer playlist 12"
    assert answer.headers["location"] == started["status_url"] == f"/crawls/{started['crawl_id']}"
    (message,) = _messages(world)
    assert message["crawl_id"] == started["crawl_id"]
    assert message["remove_missing"] is asked.get("remove_missing", False)
    progress = world.get(started["status_url"]).json()
    assert (progress["finished"], progress["done"], progress["total"], progress["removed"]) == (None, False, 0, 0)
    assert [crawl["crawl_id"] for crawl in world.get("/crawls").json()["crawls"]] == [started["crawl_id"]]


@pytest.mark.parametrize(
    "playlist",
    ["nonsense", "https://[x.csv", "https://exa\u2100mple.org/x.csv", "file:///a%00b", "https://u:p@x.org/x.csv"],
)
def test_what_is_no_playlist_is_422_and_nothing_is_queued(world: World, playlist: str) -> None:
    answer = world.post("/crawls", {"playlist": playlist})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_playlist")
    assert _messages(world) == []


def test_counts_by_state_and_reason_and_what_went_wrong_are_shown(world: World, crawls: CrawlsTable) -> None:
    crawls.start(CrawlPlaylist(CrawlId("one"), "/music"))
    world.table.register(TrackInfo(TrackId("deezer:1"), "deezer"))
    crawls.record_entries(
        CrawlId("one"),
        [CrawlEntry(0, TrackId("deezer:1")), CrawlEntry(1, TrackId("deezer:1")), CrawlEntry(2, reason=Reason.EPISODE)],
    )
    crawls.wait_until(CrawlId("one"), Timestamp("2999-01-01T00:00:00.000000Z"))
    progress = _counted(world, crawls)
    assert progress["states"] == {"pending": 1, "skipped": 2}
    assert progress["reasons"] == {"duplicate_entry": 1, "episode": 1}
    assert progress["waiting_until"] == "2999-01-01T00:00:00.000000Z"
    crawls.finish(CrawlId("one"), PlaylistNotFound("gone", hint="Look."))
    progress = world.get("/crawls/one").json()
    assert progress["finished"]
    assert not progress["done"]
    assert progress["error"] == {"code": "playlist_not_found", "message": "gone", "hint": "Look."}


def _counted(world: World, crawls: CrawlsTable) -> dict[str, object]:
    """The crawl as it is shown once the crawler has counted it."""
    world.get("/crawls/one")
    for message in _messages(world):
        asked = parse_crawl(json.dumps(message))
        assert isinstance(asked, CountCrawl)
        Counting(world.table, crawls).run(asked)
    shown: dict[str, object] = world.get("/crawls/one").json()
    return shown


def test_however_often_somebody_looks_the_crawl_is_counted_once(world: World, crawls: CrawlsTable) -> None:
    crawls.start(CrawlPlaylist(CrawlId("one"), "/music"))
    for _ in range(5):
        world.get("/crawls/one")
    assert len(_messages(world)) == 1


def test_a_crawl_that_is_done_is_not_counted_any_more(world: World, crawls: CrawlsTable) -> None:
    crawls.start(CrawlPlaylist(CrawlId("one"), "/music"))
    crawls.finish(CrawlId("one"))
    assert _counted(world, crawls)["done"]
    world.get("/crawls/one")
    assert _messages(world) == []


def test_who_has_the_counts_is_not_sent_them_again(world: World, crawls: CrawlsTable) -> None:
    crawls.start(CrawlPlaylist(CrawlId("one"), "/music"))
    first = world.get("/crawls/one")
    assert first.headers["cache-control"] == "public, max-age=1"
    headers = {"If-None-Match": first.headers["etag"]}
    again = world.request("GET", "/crawls/one", headers=headers)
    assert (again.status_code, again.content) == (304, b"")
    crawls.wait_until(CrawlId("one"), Timestamp("2999-01-01T00:00:00.000000Z"))
    assert world.request("GET", "/crawls/one", headers=headers).status_code == 200


@pytest.mark.parametrize("crawl_id", ["nobody", "isrc%23USUM71703861", "%00"])
def test_an_unknown_crawl_is_404(world: World, crawl_id: str) -> None:
    assert world.get(f"/crawls/{crawl_id}").status_code == 404
