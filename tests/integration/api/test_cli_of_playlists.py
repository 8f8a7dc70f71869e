"""`earshot playlists`, `again`, `cancel`, `rename`, `schedule` and `forget` against the api on a real socket."""

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from cli import main
from earshot.ids import CrawlId
from earshot.messages import CrawlPlaylist
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.playlists import Playlists, playlist_id_of
from tests.browser.site import Site, serving
from tests.unit.api.world import running_world


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An api that has heard nothing so far."""
    with running_world(tmp_path_factory.mktemp("cli"), EARSHOT_STAGE="local") as world, serving() as url:
        yield Site(url, world, "")


@pytest.fixture
def crawls() -> CrawlsTable:
    return CrawlsTable(boto3.client("dynamodb"), "crawls")


Shown = pytest.CaptureFixture[str]


def _crawled(crawls: CrawlsTable, number: int, title: str = "", *, finished: bool = True) -> CrawlId:
    """A playlist that has been crawled, as the crawler notes it."""
    crawl_id, place = CrawlId(f"2026-{number}"), f"deezer:playlist:{number}"
    crawls.start(CrawlPlaylist(crawl_id, place))
    crawls.note_place(crawl_id, place)
    Playlists(boto3.client("dynamodb"), "crawls").note_crawl(crawls.summary(crawl_id), title)
    if finished:
        crawls.finish(crawl_id)
    return crawl_id


def _earshot(site: Site, *words: str) -> int:
    return main([*words, "--api", site.url])


def test_playlists_are_listed_renamed_and_scheduled_by_whatever_names_them(
    site: Site, crawls: CrawlsTable, capsys: Shown
) -> None:
    crawl_id, playlist_id = _crawled(crawls, 1, "Rock of the Week"), playlist_id_of("deezer:playlist:1")
    assert _earshot(site, "playlists") == 0
    assert "Rock of the Week" in capsys.readouterr().out
    for called, name in {"rock of the week": "One", playlist_id: "Two", crawl_id: ""}.items():
        assert _earshot(site, "rename", called, name) == 0
        assert capsys.readouterr().out.startswith(f"{name or 'Rock of the Week'}: crawled only when asked")
    assert _earshot(site, "schedule", "Rock of the Week", "daily") == 0
    assert "crawled every day, next 2" in capsys.readouterr().out
    assert _earshot(site, "playlists", "--json") == 0
    (listed,) = [one for one in json.loads(capsys.readouterr().out) if one["playlist_id"] == playlist_id]
    assert (listed["name"], listed["again"]) == ("Rock of the Week", "daily")


def test_a_crawl_is_cancelled_and_the_playlist_crawled_again(site: Site, crawls: CrawlsTable, capsys: Shown) -> None:
    crawl_id = _crawled(crawls, 2, "Long", finished=False)
    assert _earshot(site, "cancel", "Long") == 0
    assert capsys.readouterr().out.endswith(f"is cancelled. Get the rest of it: earshot again {crawl_id}\n")
    assert crawls.summary(crawl_id).cancelled
    assert _earshot(site, "again", "Long", "--no-wait") == 0
    shown = capsys.readouterr()
    assert shown.err == "crawling Deezer playlist 2\n"
    assert crawls.summary(shown.out.strip()).playlist == "deezer:playlist:2"


def test_a_playlist_is_forgotten_by_its_name(
    site: Site, crawls: CrawlsTable, capsys: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawl_id = _crawled(crawls, 3, "Old")
    monkeypatch.setattr("cli.crawls._PATIENCE_S", 0.0)  # no crawler works here
    assert _earshot(site, "forget", "Old", "--remove-tracks") == 0
    assert "will be forgotten" in capsys.readouterr().out
    sqs = boto3.client("sqs")
    bodies = [
        json.loads(message["Body"])
        for message in sqs.receive_message(QueueUrl=site.world.queues["crawl"], MaxNumberOfMessages=10)["Messages"]
    ]
    assert [body["crawl_id"] for body in bodies if body.get("remove_tracks")] == [crawl_id]


def test_what_names_no_playlist_or_several_is_refused_with_what_to_do(
    site: Site, crawls: CrawlsTable, capsys: Shown, tmp_path: Path
) -> None:
    assert _earshot(site, "rename", "nothing like it", "x") == 1
    assert capsys.readouterr().err == "no playlist is called 'nothing like it'\n`earshot playlists` lists them.\n"
    assert _earshot(site, "cancel", "nothing like it") == 1
    assert "no crawl 'nothing like it'" in capsys.readouterr().err
    for number in (4, 5):
        _crawled(crawls, number, "Twins")
    assert _earshot(site, "schedule", "Twins", "weekly") == 1
    shown = capsys.readouterr().err
    assert "2 playlists are called 'Twins'" in shown
    assert playlist_id_of("deezer:playlist:5") in shown
