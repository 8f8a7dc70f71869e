"""`python -m cli` against the api on a real socket."""

import io
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import boto3
import pytest

from cli import main
from earshot.crawls import CrawlEntry
from earshot.ids import CrawlId, TrackId
from earshot.messages import CrawlPlaylist
from earshot.reasons import Reason
from earshot.running_stack import RunningStack
from earshot.stores.crawls_table import CrawlsTable
from earshot.track import TrackInfo
from ops.lock import hold
from tests.browser.site import Site, running_site
from tests.stubs.web import Answer, Request, serve


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A catalogue of 246 tracks behind an api."""
    with running_site(tmp_path_factory.mktemp("cli")) as site:
        yield site


@pytest.mark.parametrize("columns", ["60", "120"])
def test_similar_prints_a_table_with_whole_ids_and_json(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert main(["similar", "deezer:1000", "-k", "3", "--api", site.url]) == 0
    table = capsys.readouterr().out
    assert table.startswith("Within earshot of Glass Song")
    assert len(table.splitlines()) == 6
    assert main(["similar", "deezer:1000", "-k", "3", "--api", site.url, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [found["track_id"] in table for found in answer["results"]] == [True] * 3


def test_similar_mixes_likes_and_dislikes(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["similar", "deezer:1000", "deezer:1001", "--less", "deezer:1100", "--max-per-artist", "1", "-k", "3"]
    assert main([*arguments, "--api", site.url, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [seed["weight"] for seed in answer["query"]] == [1, 1, -0.5]


def test_recommendations_say_what_they_rest_on(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recommend", "-k", "3", "--listening", "0.7", "--new", "--api", site.url]) == 0
    assert capsys.readouterr().out.startswith("Nothing is known of you")
    assert main(["similar", "deezer:1000", "--listening", "2", "--api", site.url]) == 1
    assert "listening" in capsys.readouterr().err


def test_a_track_may_be_named_by_words(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tracks", "velvet", "--json", "--limit", "1", "--api", site.url]) == 0
    found = json.loads(capsys.readouterr().out)
    first = found["results"][0]["track_id"]
    assert main(["similar", "velvet", "-k", "3", "--json", "--api", site.url]) == 0
    shown = capsys.readouterr()
    assert [seed["track_id"] for seed in json.loads(shown.out)["query"]] == [first]
    assert shown.err.startswith("taking Velvet ")
    assert f"{found['total'] - 1} more are called so: earshot tracks velvet" in shown.err


def test_words_that_name_nothing_are_told_so(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["path", "deezer:1000", "no such song", "--api", site.url]) == 1
    shown = capsys.readouterr()
    assert "nothing in the catalogue is called so: 'no such song'" in shown.err
    assert not shown.out


def test_a_playlist_is_continued(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["extend", "deezer:1000", "deezer:1001", "manifest:0123456789abcdef", "--api", site.url]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("After Glass Song")
    assert "manifest:0123456789abcdef: " in shown


def test_sources_say_how_to_have_them(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sources", "--api", site.url]) == 0
    shown = capsys.readouterr().out
    assert "file      on   own files" in shown
    assert "EARSHOT_PROVIDERS=" in shown


def test_the_address_may_come_before_the_command(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--api", site.url, "--json", "status"]) == 0
    assert json.loads(capsys.readouterr().out)["index"]["tracks"] == 246


def test_the_stack_that_runs_here_is_found(
    site: Site, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("EARSHOT_API_URL", "PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EARSHOT_LOCAL_DIR", str(tmp_path))
    with hold(tmp_path, RunningStack(1, site.url, "http://127.0.0.1:1")):
        assert main(["status"]) == 0
    assert "tracks  246" in capsys.readouterr().out


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_shells_can_complete_commands(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--print-completion", shell])
    assert "max-per-artist" in capsys.readouterr().out


def test_its_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out.startswith("earshot ")


def test_path_tracks_and_status_answer(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["path", "deezer:1000", "deezer:1100", "--steps", "4", "--api", site.url]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2 + 1 + 5
    assert main(["tracks", "velvet", "so", "--api", site.url]) == 0
    assert "Velvet Song" in capsys.readouterr().out
    assert main(["status", "--api", site.url]) == 0
    assert "tracks  246" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "begins"),
    [
        (["similar", "deezer:1000", "--m3u"], "#EXTM3U\n"),
        (["similar", "deezer:1000", "deezer:1001", "--format", "xspf"], "<?xml"),
        (["path", "deezer:1000", "deezer:1100", "--csv"], "title,artist,"),
        (["tracks", "velvet", "--format", "jspf"], '{\n "playlist": '),
    ],
)
def test_answers_are_printed_as_lists(
    site: Site, capsys: pytest.CaptureFixture[str], arguments: list[str], begins: str
) -> None:
    assert main([*arguments, "--api", site.url]) == 0
    assert capsys.readouterr().out.startswith(begins)
    assert main([arguments[0], "nonsense", *arguments[2:], "--api", site.url]) in (0, 1)


@pytest.mark.parametrize(
    ("arguments", "begins"),
    [
        (["entries", "2026-cli", "--m3u"], "#EXTM3U\n#PLAYLIST:My songs\n"),
        (["entries", "2026-cli", "--format", "xspf"], "<?xml"),
        (["failed", "2026-cli", "--csv"], "title,artist,album,isrc,duration_ms,id,mbid,url,path,reason\r\nhm,"),
    ],
)
def test_the_entries_of_a_crawl_are_printed_as_lists(
    site: Site, capsys: pytest.CaptureFixture[str], arguments: list[str], begins: str
) -> None:
    crawls, crawl_id = CrawlsTable(boto3.client("dynamodb"), "crawls"), CrawlId("2026-cli")
    own = TrackInfo(TrackId("file:00000000000000aa"), "file", title="Mine", preview_url="file:///music/Mine.flac")
    site.world.table.register(own)
    crawls.start(CrawlPlaylist(crawl_id, "/lists/My songs.csv"))
    crawls.record_entries(crawl_id, [CrawlEntry(0, own.track_id), CrawlEntry(1, None, Reason.BAD_ROW, "hm")])
    assert main([*arguments, "--path-root", "/music=/nas", "--api", site.url]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(begins)
    assert ("/nas/Mine.flac" in shown) is (arguments[0] == "entries")
    assert main([arguments[0], "none", *arguments[2:], "--api", site.url]) == 1
    assert "no crawl" in capsys.readouterr().err


def test_a_list_is_looked_at_before_it_is_crawled(
    site: Site, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    listed = tmp_path / "mine.csv"
    listed.write_bytes("Titel;Interpret;Stimmung\r\nGrün;Jörg;froh\r\n".encode("cp1252"))
    assert main(["crawl", str(listed), "--dry-run", "--api", site.url]) == 0
    shown = capsys.readouterr().out
    assert "1 rows (csv, utf-8), 1 name a recording" in shown
    assert "not used: Stimmung" in shown
    assert "Grün" in shown
    assert main(["crawl", str(tmp_path / "gone.csv"), "--dry-run", "--api", site.url]) == 1
    assert "cannot be looked at" in capsys.readouterr().err


def test_a_list_that_comes_in_is_crawled(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("Ann – One\nBen – Two\n".encode())))
    assert main(["crawl", "-", "--no-wait", "--api", site.url]) == 0
    assert "crawling manifest list:" in capsys.readouterr().err


def test_a_crawl_is_started(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["crawl", "deezer:playlist:1", "--no-wait", "--api", site.url]) == 0
    assert capsys.readouterr().out.strip().startswith("20")


def test_a_crawl_of_a_folder_may_be_named_from_where_one_stands(
    site: Site, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "music").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["crawl", "music", "--no-wait", "--remove-missing", "--api", site.url]) == 0
    assert capsys.readouterr().err == f"crawling folder {tmp_path}/music\n"


def test_a_crawl_is_watched_through_short_waits_and_left_in_long_ones(capsys: pytest.CaptureFixture[str]) -> None:
    def until(seconds: float) -> str:
        return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    progress = {"playlist": "x", "total": 1, "pending": 1, "states": {}, "reasons": {}, "removed": 2, "error": None}
    progress |= {"crawl_id": "1", "withheld": None}
    unheard: dict[str, object] = {"entries": [], "next": None}
    answers = iter([progress | {"done": False, "waiting_until": until(seconds)} for seconds in (5, 7200)])
    started = {"crawl_id": "1", "understood": "x"}

    def answer(asked: Request) -> Answer:
        if asked.path.endswith("/entries"):
            return Answer.json(unheard)
        return Answer.json(started if asked.method == "POST" else next(answers))

    with serve(answer) as server:
        assert main(["crawl", "x", "--api", server.url]) == 0
    shown = capsys.readouterr().out
    assert "asked to wait until" in shown
    assert "2 that had left the playlist were removed" in shown
    assert next(answers, None) is None


def test_refusals_name_the_problem_and_the_remedy(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["similar", "deezer:7", "--api", site.url]) == 1
    assert "no track deezer:7\nCrawl a playlist" in capsys.readouterr().err
    assert main(["status", "--api", "http://127.0.0.1:9"]) == 1
    assert "Is it running?" in capsys.readouterr().err


@pytest.mark.parametrize(
    "address",
    ["localhost:8000", "", "http:", "http://[::1", "http://127.0.0.1:abc", "http://127.0.0.1:99999", "http://a b"],
)
def test_an_address_that_cannot_be_one_is_named_without_a_traceback(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--api", address]) == 1
    assert address in capsys.readouterr().err


@pytest.mark.parametrize("words", ["\udcff", "~nobody/x", "x" * 9000, "\0"])
def test_odd_arguments_get_an_answer_not_a_traceback(
    site: Site, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("tracks", "similar", "crawl"):
        assert main([command, words, "--api", site.url]) in (0, 1)
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b"null", b'"text"', b"<html>", b'{"results": 1, "query": [], "total": 0}']
)
def test_another_server_is_not_taken_for_the_api(body: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    with _always_answering(body) as address:
        for arguments in (["similar", "deezer:1"], ["path", "a", "b"], ["tracks"], ["status"]):
            assert main([*arguments, "--api", address]) == 1
            assert address in capsys.readouterr().err


@contextmanager
def _always_answering(body: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_reader_that_has_seen_enough_is_no_error(site: Site, form: list[str]) -> None:
    command = [sys.executable, "-m", "cli", "tracks", "--limit", "100", "--api", site.url, *form]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_names_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    seed = {"title": "a\x1b[2Jb", "artists": [], "weight": 1, "track_id": "x"}
    with _always_answering(json.dumps({"query": [seed], "results": []}).encode()) as address:
        assert main(["similar", "deezer:1", "--api", address]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_a_folder_is_named_from_where_one_stands(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Music").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["crawl", "Music", "--no-wait", "--api", site.url]) == 0
    assert main(["status", "--json", "--api", site.url]) == 0
    out = capsys.readouterr().out
    crawls = json.loads(out[out.index("{") :])["crawls"]
    assert str(tmp_path / "Music") in [crawl["playlist"] for crawl in crawls]


def test_a_crawl_that_failed_exits_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    failed = {"crawl_id": "1", "playlist": "deezer:playlist:1", "total": 0, "pending": 0, "done": True}
    failed |= {"states": {}, "reasons": {}, "waiting_until": None, "understood": "Deezer playlist 1", "removed": None}
    failed |= {"error": {"code": "playlist_not_found", "message": "no such playlist", "hint": "Look for it."}}
    failed |= {"withheld": None, "entries": [], "next": None}
    with _always_answering(json.dumps(failed).encode()) as address:
        assert main(["crawl", "deezer:playlist:1", "--api", address]) == 1
    assert "no such playlist\nLook for it." in capsys.readouterr().out


def test_tables_cut_long_and_wide_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    from cli.tables import table

    monkeypatch.setenv("COLUMNS", "60")
    lines = table(("n", "text"), [(1.5, "周杰倫" * 30), (10.25, "a\x1b[31mb")]).splitlines()
    assert lines[1].startswith(" 1.500  周")
    assert lines[1].endswith("…")
    assert "\x1b" not in lines[2]


def test_a_clip_is_uploaded_and_its_neighbours_are_printed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    clip = tmp_path / "humming.wav"
    clip.write_bytes(b"RIFF")
    found = {
        "track_id": "deezer:1",
        "title": "Velvet Song",
        "artists": ["A"],
        "year": None,
        "genres": [],
        "similarity": 0.23,
        "closer_than": 0.99375,
        "tags": [],
        "shared_tags": [{"name": "electronic"}],
        "reasons": [{"kind": "tag", "what": "jazz"}, {"kind": "tempo", "what": "122"}],
    }
    heard = {"status": "ready", "reason": None, "message": None, "tags": [{"name": "jazz"}], "results": [found]}
    said = iter([{**heard, "status": "pending"}, heard])
    with serve(lambda _: Answer()) as store:
        upload = {"method": "PUT", "url": f"{store.url}/clip", "headers": {"Content-Type": "audio/x-wav"}}
        opened = {"query_id": "1", "upload": upload, "status_url": "/queries/1"}
        with serve(lambda asked: Answer.json(opened if asked.method == "POST" else next(said))) as server:
            assert main(["clip", str(clip), "--api", server.url]) == 0
    assert [request.body for request in store.requests] == [b"RIFF"]
    shown = capsys.readouterr().out
    assert shown.startswith("Within earshot of humming.wav (jazz)")
    assert "Velvet Song" in shown
    assert "99.3 %" in shown
    assert shown.split("Velvet Song")[1].split()[:2] == ["A", "jazz"], "what is unusual, not what everything is"


def test_a_clip_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clip", "/no/such/file.mp3"]) == 1
    assert "/no/such/file.mp3 cannot be read" in capsys.readouterr().err
