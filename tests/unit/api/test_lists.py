"""Answers as lists, and lists that are looked at before they are crawled."""

import csv
import hashlib
import io
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, unquote

import boto3
import pytest

from api.http import lists
from earshot.crawls import CrawlEntry
from earshot.ids import CrawlId, TrackId
from earshot.lists import ListedTrack, read_list
from earshot.messages import CrawlPlaylist
from earshot.reasons import Reason
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.pasted_lists import PastedLists
from earshot.stores.song_keys import SongKeys
from earshot.track import TrackInfo
from tests.unit.api.world import World, direction, track

_FILES = ["/home/me/Music/Ann Lee/01 – One.flac", "/home/me/Music/#2 & more.mp3"]


@pytest.fixture
def settings() -> Mapping[str, str]:
    return {"EARSHOT_STAGE": "local", "EARSHOT_API_KEYS": ""}


@pytest.fixture
def library(world: World) -> World:
    """A track of Deezer, and two files near it."""
    files = [
        track(
            n + 2,
            track_id=f"file:{n:016x}",
            source="file",
            title=f"File {n}",
            duration_ms=200_000,
            preview_url=f"file://{quote(path)}",
        )
        for n, path in enumerate(_FILES)
    ]
    tracks = [track(1), *files, track(4, url="https://www.deezer.com/track/4", isrc="DEA120000004")]
    world.publish(tracks, [direction(a0=math.cos(n / 5), a1=math.sin(n / 5)) for n in range(4)])
    return world


def _read(text: str, form: str) -> list[ListedTrack]:
    """What a player reads; XSPF and JSPF name files by their URLs."""
    tracks = read_list(text.encode(), f"list.{form}").tracks
    return [replace(one, location=unquote(one.location.removeprefix("file://"))) for one in tracks]


@pytest.mark.parametrize("form", ["m3u8", "xspf", "jspf", "csv"])
def test_every_answer_is_a_list_too(library: World, form: str) -> None:
    expected = [*_FILES, "https://www.deezer.com/track/4"]
    answers = [
        library.get("/similar", track_id="deezer:1", format=form),
        library.post("/similar", {"seeds": [{"track_id": "deezer:1"}], "format": form}),
        library.get("/extend", track_ids="deezer:1", format=form),
        library.post("/extend", {"track_ids": ["deezer:1"], "format": form}),
    ]
    for answer in answers:
        assert answer.status_code == 200
        assert f"earshot.{form}" in answer.headers["content-disposition"]
        assert "private" in answer.headers["cache-control"]
        assert [one.location for one in _read(answer.text, form)] == expected
    named = library.post("/lists", {"track_ids": ["deezer:4", "file:0000000000000001"], "format": form})
    assert [one.location for one in _read(named.text, form)] == ["https://www.deezer.com/track/4", _FILES[1]]
    found = _read(library.get("/search", text="file", format=form).text, form)
    assert [one.location for one in found] == _FILES
    way = _read(library.get("/path", **{"from": "deezer:1", "to": "deezer:4"}, steps=1, format=form).text, form)
    assert [one.title for one in way][:: len(way) - 1] == ["Title 1", "Title 4"]
    assert way[0].location.endswith("/tracks/deezer:1/audio")


def test_tracks_that_are_named_are_told_in_their_order_and_so_is_what_is_missing(library: World) -> None:
    answer = library.post("/lists", {"track_ids": ["deezer:4", "deezer:77", "deezer:1"]}).json()
    assert [track["track_id"] for track in answer["results"]] == ["deezer:4", "deezer:1"]
    assert answer["missing"] == ["deezer:77"]
    assert library.post("/lists", {"track_ids": []}).status_code == 422
    assert library.post("/lists", {"track_ids": ["what is this"]}).status_code == 422


def test_the_header_asks_for_a_form_as_well_and_json_stays_what_it_was(library: World) -> None:
    for media_type, start in (
        ("audio/x-mpegurl", "#EXTM3U"),
        ("application/xspf+xml", "<?xml"),
        ("text/csv", "title,"),
    ):
        answer = library.request("GET", "/similar", params={"track_id": "deezer:1"}, headers={"Accept": media_type})
        assert answer.text.startswith(start)
    for headers in ({}, {"Accept": "*/*"}, {"Accept": "application/json, text/csv"}, {"Accept": "text/html,*/*;q=0.8"}):
        asked = library.request("GET", "/similar", params={"track_id": "deezer:1"}, headers=headers)
        assert asked.json()["results"]
    assert "preview_url" not in library.get("/similar", track_id="deezer:1", format="json").text
    assert library.get("/similar", track_id="deezer:1", format="doc").status_code == 422
    assert library.get("/similar", track_id="nonsense", format="m3u8").json()["error"]["code"] == "invalid_track_id"


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        ("/mnt/music", ["/mnt/music/Ann Lee/01 – One.flac", "/mnt/music/#2 & more.mp3"]),
        ("/mnt/music/", ["/mnt/music/Ann Lee/01 – One.flac", "/mnt/music/#2 & more.mp3"]),
        (".", ["Ann Lee/01 – One.flac", "./#2 & more.mp3"]),
        ("/home=/srv", ["/srv/me/Music/Ann Lee/01 – One.flac", "/srv/me/Music/#2 & more.mp3"]),
        ("/home/me/Music=D:\\Music", ["D:\\Music\\Ann Lee\\01 – One.flac", "D:\\Music\\#2 & more.mp3"]),
        ("/elsewhere=/srv", _FILES),
    ],
)
def test_the_folder_that_was_crawled_may_be_called_otherwise(library: World, root: str, expected: list[str]) -> None:
    crawls = CrawlsTable(boto3.client("dynamodb"), "crawls")
    for number, folder in enumerate(("/home/me/Music/Ann Lee", "/home/me/Music")):
        crawls.start(CrawlPlaylist(CrawlId(f"2026-{number}"), folder))
    text = library.get("/similar", track_id="deezer:1", format="m3u8", path_root=root).text
    assert [one.location for one in _read(text, "m3u8")][:2] == expected


@pytest.mark.parametrize(
    "settings",
    [
        {"EARSHOT_STAGE": "dev", "EARSHOT_API_KEYS": "open"},
        {"EARSHOT_STAGE": "local", "EARSHOT_API_KEYS": hashlib.sha256(b"mine").hexdigest()},
    ],
)
def test_who_may_not_see_paths_gets_addresses(library: World, settings: Mapping[str, str]) -> None:
    def asked(**headers: str) -> str:
        return library.request(
            "GET", "/similar", params={"track_id": "deezer:1", "format": "csv"}, headers=headers
        ).text

    for text in (asked(), asked(**{"X-Api-Key": "guess"})):
        assert "/home/me" not in text
        assert "/tracks/file%3A0000000000000000/audio" in text
    assert ("/home/me" in asked(**{"X-Api-Key": "mine"})) is (settings["EARSHOT_STAGE"] == "local")


@pytest.mark.parametrize(
    "settings", [{"EARSHOT_STAGE": "local", "EARSHOT_API_KEYS": "", "EARSHOT_PATH_ROOT": "/home/me/Music=/nas"}]
)
def test_the_machine_s_own_setting_names_the_folder_too(library: World) -> None:
    asked = library.get("/similar", track_id="deezer:1", format="m3u8")
    assert _read(asked.text, "m3u8")[0].location == "/nas/Ann Lee/01 – One.flac"


def test_a_list_that_is_sent_is_crawled_under_a_name_of_its_own(world: World) -> None:
    answer = world.post("/crawls", {"text": "Ann – One\nBen – Two\n", "name": "mine.txt"})
    assert answer.status_code == 202
    called = world.get(answer.json()["status_url"]).json()["playlist"]
    assert PastedLists(boto3.client("dynamodb"), "crawls").get(called) == (
        "Ann – One\nBen – Two\n".encode(),
        "mine.txt",
    )


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({}, 422, "either"),
        ({"text": "x - y", "playlist": "/music"}, 422, "either"),
        ({"text": "foo,bar,baz\n1,2,3\n", "name": "x.csv"}, 422, "foo, bar, baz"),
        ({"text": "just words"}, 422, "just words"),
        ({"text": "a - b " * 200_000}, 422, "text"),
        ({"text": "a - b " * 400_000}, 413, "bytes"),
    ],
)
def test_what_is_no_list_is_refused_at_once(world: World, body: dict[str, str], status: int, said: str) -> None:
    answer = world.post("/crawls", body)
    assert answer.status_code == status
    assert said in answer.json()["error"]["message"]
    assert world.get("/crawls").json()["crawls"] == []


def test_a_preview_says_what_was_understood_and_what_the_catalogue_holds(world: World) -> None:
    known = TrackInfo(TrackId("file:0123456789abcdef"), "file", title="One", artists=("Ann",), duration_ms=200_000)
    world.table.register(known)
    SongKeys(boto3.client("dynamodb"), "crawls").note([known])
    table = "Track Name;Artist Name(s);Duration (ms);Mood\nOne;Ann;200100;glad\nOne;Ann;300000;sad\n;;;\nTwo;Ben;1;x\n"
    seen = world.post("/crawls/preview", {"text": table, "name": "mine.csv"}).json()
    assert seen["columns"] == {"Track Name": "title", "Artist Name(s)": "artists", "Duration (ms)": "duration"}
    assert (seen["ignored"], seen["form"], seen["delimiter"]) == (["Mood"], "csv", ";")
    assert (seen["total"], seen["usable"], seen["looked_for"], seen["in_catalogue"]) == (4, 3, 4, 1)
    assert [row["track_id"] for row in seen["rows"]] == ["file:0123456789abcdef", None, None, None]
    assert [row["reason"] for row in seen["rows"]] == [None, None, "bad_row", None]
    assert world.get("/crawls").json()["crawls"] == []


def test_the_names_of_lists_are_those_that_playlists_may_have() -> None:
    from earshot.lists import SUFFIXES
    from earshot.playlists import parse_playlist

    for suffix in SUFFIXES:
        assert parse_playlist(str(Path("/music") / f"list{suffix}")).kind == "manifest"


@pytest.fixture
def crawl(library: World) -> str:
    """A list of which two files are held, one of them twice, a preview, a file that is silent, and two that are not."""
    crawls, crawl_id = CrawlsTable(boto3.client("dynamodb"), "crawls"), CrawlId("2026-1")
    crawls.start(CrawlPlaylist(crawl_id, "/home/me/lists/My songs.csv"))
    files = [
        TrackInfo(TrackId(f"file:{n:016x}"), "file", title=f"File {n}", preview_url=f"file://{quote(path)}")
        for n, path in enumerate([*_FILES, "/home/me/Music/silent.flac"])
    ]
    heard = TrackInfo(TrackId("deezer:4"), "deezer", title="Title 4", url="https://www.deezer.com/track/4")
    lost = TrackInfo(TrackId("deezer:9"), "deezer", title="Lost", artists=("Ben",))
    for info in (*files, heard, lost):
        library.table.register(info)
    library.table.mark_no_preview(files[2].track_id, reason=Reason.SILENT)
    library.table.mark_no_preview(lost.track_id, reason=Reason.MISS)
    ids = [files[0], heard, files[1], lost, files[0], files[2]]
    entries = [CrawlEntry(n, info.track_id) for n, info in enumerate(ids)]
    crawls.record_entries(crawl_id, [*entries, CrawlEntry(6, None, Reason.BAD_ROW, "hm")])
    return f"/crawls/{crawl_id}/entries"


@pytest.mark.parametrize("form", ["m3u8", "xspf", "jspf"])
def test_the_entries_of_a_crawl_are_a_playlist_of_what_can_be_played(library: World, crawl: str, form: str) -> None:
    answer = library.get(crawl, format=form, limit=1)
    assert answer.status_code == 200
    assert f"earshot.{form}" in answer.headers["content-disposition"]
    deezer, silent = "https://www.deezer.com/track/4", "/home/me/Music/silent.flac"
    assert [one.location for one in _read(answer.text, form)] == [_FILES[0], deezer, _FILES[1], _FILES[0], silent]
    assert read_list(answer.content, f"list.{form}").title == "My songs"
    moved = library.get(crawl, format=form, path_root="/home/me/Music=/nas").text
    assert _read(moved, form)[0].location == "/nas/Ann Lee/01 – One.flac"


def test_a_table_of_a_crawl_s_entries_says_why_some_cannot_be_played(library: World, crawl: str) -> None:
    rows = list(csv.DictReader(io.StringIO(library.get(crawl, format="csv").text)))
    assert [(row["title"], row["reason"]) for row in rows] == [
        ("File 0", ""),
        ("Title 4", ""),
        ("File 1", ""),
        ("Lost", "miss"),
        ("File 0", ""),
        ("File 2", ""),
        ("hm", "bad_row"),
    ]
    assert [row["path"] for row in rows if row["reason"]] == ["", ""]
    missing = list(csv.DictReader(io.StringIO(library.get(crawl, format="csv", reason="miss").text)))
    assert [row["title"] for row in missing] == ["Lost"]


def test_entries_stay_json_unless_a_list_is_asked_for_and_problems_are_told(library: World, crawl: str) -> None:
    assert len(library.get(crawl, format="json").json()["entries"]) == 7
    assert library.get(crawl, format="doc").status_code == 422
    assert library.get("/crawls/none/entries", format="m3u8").json()["error"]["code"] == "crawl_not_found"


def test_a_crawl_that_is_too_large_for_a_list_is_refused(
    library: World, crawl: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "_MOST_ENTRIES", 6)
    refused = library.get(crawl, format="m3u8")
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "invalid_input")
    assert "more than 6 entries" in refused.json()["error"]["message"]
