"""`earshot listens`, `recommend` and `radio` against a server that answers as the API does."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import main
from earshot.histories import History
from tests.stubs.web import Answer, Request, StubServer, serve

_PLAY = {
    "listener": "0123456789abcdef", "item": "play#1700000000#0011223344556677", "listened_at": 1_700_000_000,
    "title": "Glass", "artists": ["Aiko Mori"], "skipped": True,
}  # fmt: skip
_LISTEN = {"listened_at": 1_700_000_000, "title": "Glass", "artists": ["Aiko Mori"], "track_id": None, "is_skip": True}
_FOUND = {
    "track_id": "deezer:1", "title": "Panes", "artists": ["B"], "year": None, "genres": [], "tags": [],
    "shared_tags": [], "similarity": 0.5,
}  # fmt: skip
_SEED = {"track_id": "deezer:2", "title": "Glass", "artists": ["Aiko Mori"]}
_RESULTS = [
    {**_FOUND, "sounds_like": "deezer:2", "played_with": None},
    {**_FOUND, "sounds_like": None, "played_with": {"track_id": "deezer:2", "title": "Glass", "listeners": 12}},
]


def _route(request: Request) -> Answer:
    match request.method, request.path:
        case "GET", "/listens":
            return Answer.json({"listener": "x", "playing": _LISTEN, "listens": [_LISTEN], "before": None})
        case "GET", "/listens/export" if "after" not in request.query:
            page = json.dumps({"listener": "x", "item": "opinion#deezer:1", "opinion": "loved"}) + "\n"
            return Answer(200, page.encode(), {"Link": '</listens/export?after=opinion%23deezer%3A1%20>; rel="next"'})
        case "GET", "/listens/export":
            return Answer(200, (json.dumps(_PLAY) + "\n").encode())
        case "DELETE", "/listens":
            return Answer.json({"listener": "x", "asked_at": "2026-01-01", "gone_by": "2026-01-02"}, 202)
        case "GET", "/recommend" | "/radio":
            if request.query.get("format"):
                return Answer(200, b"#EXTM3U\n")
            return Answer.json({"basis": "plays", "plays": 30, "query": [_SEED], "results": _RESULTS})
    return Answer.json({"error": {"message": "no such path", "hint": ""}}, 404)


@pytest.fixture
def api() -> Iterator[StubServer]:
    with serve(_route) as server:
        yield server


def test_plays_are_shown_with_what_became_of_them(api: StubServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["listens", "--limit", "5", "--api", api.url]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("now: Glass (Aiko Mori)")
    assert "2023-11-14 22:13" in shown
    assert "skipped" in shown
    assert "not in the catalogue" in shown
    assert api.requests[0].query == {"limit": "5"}


def test_all_that_is_kept_is_exported_page_by_page_and_can_be_imported_elsewhere(
    api: StubServer, tmp_path: Path
) -> None:
    file = tmp_path / "mine.jsonl"
    assert main(["listens", "export", str(file), "--api", api.url]) == 0
    assert file.read_text().count("\n") == 2
    assert file.stat().st_mode & 0o077 == 0
    assert [(play.title, play.skipped) for play in History(file).plays()] == [("Glass", True)]


def test_an_export_replaces_no_file(api: StubServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.jsonl").write_text("something dear")
    assert main(["listens", "export", str(tmp_path / "mine.jsonl"), "--api", api.url]) == 1
    assert (tmp_path / "mine.jsonl").read_text() == "something dear"
    assert "cannot be written" in capsys.readouterr().err


def test_nobody_is_forgotten_by_mistake(api: StubServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["listens", "forget", "--api", api.url]) == 1  # nobody sits at a terminal
    assert not api.requests
    assert main(["listens", "forget", "--yes", "--api", api.url]) == 0
    assert "by 2026-01-02" in capsys.readouterr().out


def test_a_recommendation_says_why(api: StubServer, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["deezer:2", "--new-to-me", "--not-played-for", "365", "--listening", "0.7", "--year", "1990s"]
    assert main(["recommend", *arguments, "--api", api.url]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("By your last 30 plays")
    assert "sounds like Glass" in shown
    assert "12 who play Glass play it" in shown
    assert api.requests[0].query == {
        "seeds": "deezer:2", "new_to_me": "true", "not_played_for_days": "365", "listening": "0.7", "year": "1990s"
    }  # fmt: skip


def test_a_radio_goes_on_from_a_track_and_can_be_a_list(api: StubServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["radio", "deezer:2", "-k", "3", "--m3u", "--api", api.url]) == 0
    assert capsys.readouterr().out == "#EXTM3U\n"
    assert api.requests[0].query == {"track_id": "deezer:2", "k": "3", "format": "m3u8"}
