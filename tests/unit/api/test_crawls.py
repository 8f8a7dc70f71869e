"""POST /crawls, GET /crawls, GET /crawls/{id}."""

import hashlib
import json
from pathlib import Path

import boto3
import pytest

from crawler.counting import Counting
from earshot.clock import Timestamp
from earshot.crawls import CrawlEntry, Doubt, Withheld
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


def _crawled(world: World, crawls: CrawlsTable, playlist: str = "/music") -> None:
    """A crawl of a folder of which one file was heard, and others were not."""
    crawls.start(CrawlPlaylist(CrawlId("one"), playlist))
    world.table.register(TrackInfo(TrackId("deezer:1"), "deezer", title="Song", artists=("Band",)))
    world.table.register(TrackInfo(TrackId("deezer:2"), "deezer"))
    world.table.mark_no_preview(TrackId("deezer:2"), reason=Reason.UNPLAYABLE)
    crawls.record_entries(
        CrawlId("one"),
        [
            CrawlEntry(0, TrackId("deezer:1")),
            CrawlEntry(1, TrackId("deezer:2"), name="A/broken.mp3"),
            CrawlEntry(2, None, Reason.UNSUPPORTED_FORMAT, "tune.mid", "mid"),
            CrawlEntry(3, TrackId("deezer:9"), name="B/gone.mp3"),
        ],
    )
    crawls.finish(CrawlId("one"))


def test_entries_say_what_became_of_each_and_why(world: World, crawls: CrawlsTable) -> None:
    _crawled(world, crawls)
    said = world.get("/crawls/one/entries").json()
    assert [(e["name"], e["state"], e["reason"], e["detail"]) for e in said["entries"]] == [
        ("Band – Song", "pending", None, ""),
        ("A/broken.mp3", "no_preview", "unplayable", ""),
        ("tune.mid", "skipped", "unsupported_format", "mid"),
        ("B/gone.mp3", "missing", None, ""),
    ]
    assert said["next"] is None
    unheard = world.get("/crawls/one/entries", status="unheard", limit=2).json()
    assert ([entry["number"] for entry in unheard["entries"]], unheard["next"]) == ([1, 2], 2)
    rest = world.get("/crawls/one/entries", status="unheard", after=2).json()
    assert [entry["number"] for entry in rest["entries"]] == [3]
    assert len(world.get("/crawls/one/entries", reason="unplayable").json()["entries"]) == 1
    assert world.get("/crawls/nobody/entries").status_code == 404
    assert world.get("/crawls/one/entries", status="odd").status_code == 422


def test_a_request_looks_at_a_thousand_entries_at_most(world: World, crawls: CrawlsTable) -> None:
    crawls.start(CrawlPlaylist(CrawlId("one"), "/music"))
    crawls.record_entries(CrawlId("one"), [CrawlEntry(n, None, Reason.EPISODE) for n in range(1001)])
    crawls.record_entries(CrawlId("one"), [CrawlEntry(1001, None, Reason.BAD_ROW)])
    said = world.get("/crawls/one/entries", reason="bad_row").json()
    assert said == {"entries": [], "next": 999}
    assert len(world.get("/crawls/one/entries", reason="bad_row", after=999).json()["entries"]) == 1


def test_what_was_not_removed_is_shown_and_may_be_agreed_to(world: World, crawls: CrawlsTable) -> None:
    crawls.start(CrawlPlaylist(CrawlId("one"), "deezer:playlist:7"))
    crawls.note_withheld(CrawlId("one"), Withheld(37, Doubt.MANY, ("a", "b")))
    said = world.get("/crawls/one").json()["withheld"]
    assert said == {"tracks": 37, "doubt": "many", "names": ["a", "b"], "may_be_agreed": True}
    again = world.post("/crawls", {"again": "one", "remove_missing": True, "agreed": 37})
    assert (again.status_code, again.json()["understood"]) == (202, "Deezer playlist 7")
    (message,) = [message for message in _messages(world) if "playlist" in message]
    assert (message["remove_missing"], message["agreed"]) == (True, 37)
    assert world.post("/crawls", {"again": "nobody"}).status_code == 404
    assert world.post("/crawls", {}).status_code == 422


def test_a_playlist_is_forgotten_by_the_crawler(world: World, crawls: CrawlsTable) -> None:
    _crawled(world, crawls)
    answer = world.request("DELETE", "/crawls/one", params={"remove_tracks": "true"})
    assert (answer.status_code, answer.json()["status_url"]) == (202, "/crawls/one")
    (message,) = _messages(world)
    assert (message["crawl_id"], message["remove_tracks"]) == ("one", True)
    assert str(message["asked"]) > crawls.summary("one").started, "what is crawled afterwards is not meant"
    crawls.note_forgotten(crawls.summary("one"), 2)
    assert world.get("/crawls").json()["crawls"] == []
    assert world.get("/crawls/one").json()["only_held"] == 2


class TestWithKeys:
    """A stage in the cloud: everybody may read, who has a key sees what was crawled."""

    @pytest.fixture
    def settings(self) -> dict[str, str]:
        digest = hashlib.sha256(b"key").hexdigest()
        return {"EARSHOT_API_KEYS": digest, "EARSHOT_STAGE": "dev", "EARSHOT_PROVIDERS": "manifest"}

    def test_what_a_private_list_is_called_is_for_who_has_a_key(self, world: World, crawls: CrawlsTable) -> None:
        _crawled(world, crawls, "https://open.spotify.com/playlist/37i9dQZF1DXcBWIGoYBM5M?si=token")
        crawls.note_withheld(CrawlId("one"), Withheld(1, Doubt.MANY, ("secret name",)))
        crawls.finish(CrawlId("one"), PlaylistNotFound("37i9dQZF1DXcBWIGoYBM5M"))
        for path in ("/crawls", "/crawls/one"):
            open_answer = world.get(path)
            for secret in ("37i9", "secret", "token"):
                assert secret not in open_answer.text
            assert "Spotify playlist" in open_answer.text
            keyed = world.request("GET", path, headers={"X-Api-Key": "key"})
            assert "https://open.spotify.com/playlist/37i9dQZF1DXcBWIGoYBM5M" in keyed.text
            assert "token" not in keyed.text
        assert keyed.headers["cache-control"].startswith("private")
        for method, path in (("GET", "/crawls/one/entries"), ("DELETE", "/crawls/one")):
            assert world.request(method, path).status_code == 401
            assert world.request(method, path, headers={"X-Api-Key": "other"}).status_code == 401
        assert world.request("GET", "/crawls/one/entries", headers={"X-Api-Key": "key"}).status_code == 200

    @pytest.mark.parametrize(
        ("playlist", "remedy"),
        [
            ("deezer:playlist:1", "EARSHOT_PROVIDERS=manifest,deezer make deploy STAGE=dev"),
            ("https://lists.example.org/a.csv", "EARSHOT_ALLOWED_HOSTS"),
            ("/music/list.csv", "make export"),
        ],
    )
    def test_what_the_stage_cannot_crawl_is_refused_at_once(self, world: World, playlist: str, remedy: str) -> None:
        answer = world.request("POST", "/crawls", json={"playlist": playlist}, headers={"X-Api-Key": "key"})
        assert answer.status_code == 422
        assert remedy in answer.json()["error"]["hint"]
        assert _messages(world) == []


class TestOnOneMachine:
    """What is refused names what would work there."""

    @pytest.fixture
    def settings(self, tmp_path: Path) -> dict[str, str]:
        (tmp_path / "Music").mkdir()
        return {"EARSHOT_STAGE": "local", "EARSHOT_FOLDER_ROOTS": str(tmp_path), "EARSHOT_PROVIDERS": "file"}

    def test_a_mistyped_folder_and_a_home_are_understood(
        self, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        for called in ("~/Music", "~/Music/", f"'{tmp_path}/Music'", f"file://localhost{tmp_path}/Music"):
            answer = world.post("/crawls", {"playlist": called})
            assert (answer.status_code, answer.json()["understood"]) == (202, f"folder {tmp_path}/Music")
        error = world.post("/crawls", {"playlist": "~/Musik"}).json()["error"]
        assert f"{tmp_path}/Musik does not exist" in error["message"]
        assert f"Did you mean {tmp_path}/Music?" in error["hint"]

    @pytest.mark.parametrize(
        ("playlist", "remedy"),
        [
            ("deezer:playlist:1", "put EARSHOT_PROVIDERS=file,deezer into config/crawler.env and start again"),
            ("/etc", "EARSHOT_FOLDER_ROOTS"),
        ],
    )
    def test_what_cannot_be_crawled_is_refused_at_once(self, world: World, playlist: str, remedy: str) -> None:
        answer = world.post("/crawls", {"playlist": playlist})
        assert answer.status_code == 422
        assert remedy in answer.json()["error"]["hint"]
