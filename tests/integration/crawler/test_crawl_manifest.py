import json
from pathlib import Path

import pytest

from crawler import handler
from crawler.manifest import source
from earshot.ids import TrackId
from earshot.reasons import Reason
from earshot.track import Status
from tests.stubs import deezer as deezer_stub
from tests.stubs.audio import sweep
from tests.stubs.deezer import DeezerStub
from tests.stubs.stack import Stack
from tests.stubs.web import Answer, serve

_MP3 = sweep(1)


def test_a_csv_manifest_is_crawled(web_stack: Stack, folder: Path, deezer: DeezerStub) -> None:
    deezer.tracks[7] = deezer_stub.track(7)
    deezer.audio[7] = _MP3
    with serve(lambda _: Answer(body=_MP3)) as previews:
        (folder / "list.csv").write_text(
            "\ufeffTitle,Artist,ISRC,preview_url,id\n"
            f"One,A;B,gb-duw-0000001,{previews.url}/1.mp3,\n"
            "Two,C,,,deezer:7\n"
            "Three,D,GBDUW0000009,,\n"
            ",,,,\n"
            "Five,E,,,not an id\n"
            "Six,F,,file:///etc/passwd,\n",
            encoding="utf-8",
        )
        crawl_id = web_stack.run(str(folder / "list.csv"))
    progress = web_stack.crawls.count(crawl_id, web_stack.tracks)
    assert progress.total == 6
    assert progress.reasons[Reason.BAD_ROW] == 1
    tracks = {track.info.title: track for track in web_stack.tracks.scan()}
    assert tracks["One"].info.artists == ("A", "B")
    assert tracks["One"].info.isrc == "GBDUW0000001"
    assert tracks["Six"].reason == "unplayable"
    one = web_stack.previews.get(tracks["One"].track_id)
    assert one is not None
    assert one.provider == "manifest"
    assert web_stack.previews.get(TrackId("deezer:7")) is not None


def test_a_jsonl_manifest_is_read_in_several_messages_and_survives_broken_lines(
    web_stack: Stack, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "PAGE_SIZE", 5)
    monkeypatch.setenv("EARSHOT_PAGES_PER_MESSAGE", "1")
    lines = [json.dumps({"title": f"T{number}", "artist": ["A", "B"]}) for number in range(12)]
    lines[3] = "{broken"
    lines[4] = "[]"
    lines[5] = "[" * 20_000
    (folder / "list.jsonl").write_text("\n\n".join(lines))
    crawl_id = web_stack.start(str(folder / "list.jsonl"))
    deliveries = 0
    while web_stack.deliver(web_stack.crawl_queue_url, handler.crawl_playlist):
        deliveries += 1
    assert deliveries == 3
    entries = list(web_stack.crawls.entries(crawl_id))
    assert [entry.number for entry in entries] == list(range(12))
    assert [entry.number for entry in entries if entry.reason == "bad_row"] == [3, 4, 5]


def test_the_same_row_is_the_same_track_in_the_next_crawl(web_stack: Stack, folder: Path) -> None:
    path = folder / "list.csv"
    path.write_text("title,artist,preview_url\nOne,A,https://x.example/1.mp3?signature=1\nTwo,B,\n")
    web_stack.run(str(path))
    path.write_text("title,artist,preview_url\nzwei,b,\nTwo,B,\nOne,A,https://x.example/1.mp3?signature=2\n")
    web_stack.run(str(path))
    assert len(list(web_stack.tracks.scan())) == 3


@pytest.mark.parametrize("name", ["list.csv", "list.jsonl"])
def test_a_manifest_that_is_no_text_ends_the_crawl(web_stack: Stack, folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"\xff\xfe\x00" * 500)
    summary = web_stack.crawls.summary(web_stack.run(str(folder / name)))
    assert summary.error is not None
    assert summary.error["code"] == "invalid_playlist"


def test_a_manifest_outside_the_roots_is_refused(web_stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("title,artist\nA,B\n")
    summary = web_stack.crawls.summary(web_stack.run(str(tmp_path / "list.csv")))
    assert summary.error is not None
    assert summary.error["code"] == "invalid_playlist"


def test_a_manifest_from_a_host_that_is_not_allowed_is_refused(web_stack: Stack) -> None:
    summary = web_stack.crawls.summary(web_stack.run("https://example.org/list.csv"))
    assert summary.error is not None
    assert summary.error["code"] == "forbidden_url"


def test_a_source_that_is_switched_off_says_how_to_switch_it_on(folder_stack: Stack) -> None:
    summary = folder_stack.crawls.summary(folder_stack.run("deezer:playlist:1"))
    assert summary.error is not None
    assert "EARSHOT_PROVIDERS" in summary.error["hint"]
    assert summary.finished


def test_a_row_without_a_preview_waits_for_nobody(folder_stack: Stack, folder: Path) -> None:
    (folder / "list.csv").write_text("title,artist\nA,B\n")
    progress = folder_stack.crawls.count(folder_stack.run(str(folder / "list.csv")), folder_stack.tracks)
    assert progress.states == {Status.NO_PREVIEW: 1}
    assert progress.reasons == {"not_in_library": 1}
