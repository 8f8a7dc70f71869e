"""`earshot listens import` against a server that takes plays as the API does: idempotent, busy at times, bounded."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.http.listens import ListensRequest
from cli import main, plays_import
from earshot.histories import LeftOut, Wanted
from earshot.histories.records import play_in
from earshot.plays import Play
from tests.stubs.web import Answer, Request, serve

_AT = 1_600_000_000


class _Api:
    """Keeps plays by time and title; answers as it was told, else 202."""

    def __init__(self) -> None:
        self.kept: dict[tuple[int, str], dict[str, object]] = {}
        self.sizes: list[int] = []
        self.next: list[Answer] = []

    def __call__(self, request: Request) -> Answer:
        assert (request.method, request.path) == ("POST", "/listens")
        if self.next:
            return self.next.pop(0)
        plays = json.loads(request.body)["listens"]
        self.sizes.append(len(plays))
        self.kept |= {(play["listened_at"], play["title"]): play for play in plays}
        return Answer.json({"accepted": len(plays)}, 202)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[_Api, str]]:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    api = _Api()
    with serve(api) as stub:
        yield api, stub.url


def _history(folder: Path, plays: int) -> str:
    rows = [
        {"endTime": "2021-03-04 05:06", "artistName": "Aiko Mori", "trackName": f"Song {n}", "msPlayed": 60_000 + n}
        for n in range(plays)
    ]
    path = folder / "StreamingHistory_music_0.json"
    path.write_text(json.dumps([*rows, {"endTime": "2021-03-04 05:06", "podcastName": "Talk", "msPlayed": 5}]))
    return str(path)


def test_ten_thousand_plays_are_sent_a_thousand_at_a_time(
    api: tuple[_Api, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stub, url = api
    file = _history(tmp_path, 10_000)
    assert main(["listens", "import", file, "--api", url]) == 0
    shown = capsys.readouterr().out
    assert len(stub.kept) == 10_000
    assert stub.sizes == [1_000] * 10
    assert "10000 plays from 2021-03-04 to 2021-03-04" in shown
    assert "podcasts and audiobooks" in shown
    assert "10000 of 10000 sent" in shown


def test_all_that_is_known_of_a_play_goes_along(api: tuple[_Api, str], tmp_path: Path) -> None:
    stub, url = api
    file = tmp_path / "mine.csv"
    file.write_text(
        "listened_at,artist,title,album,isrc,id,duration_ms,ms_played,skipped\n"
        f"{_AT},Aiko Mori,Glass,Panes,USABC1234567,deezer:3135556,201000,4000,yes\n"
    )
    assert main(["listens", "import", str(file), "--api", url]) == 0
    assert list(stub.kept.values()) == [
        {
            "listened_at": _AT,
            "title": "Glass",
            "artists": ["Aiko Mori"],
            "album": "Panes",
            "isrc": "USABC1234567",
            "duration_ms": 201_000,
            "played_ms": 4_000,
            "skipped": True,
            "track_id": "deezer:3135556",
        }
    ]


def test_an_api_that_is_busy_is_waited_for(api: tuple[_Api, str], tmp_path: Path) -> None:
    stub, url = api
    used_up = Answer.json({"error": {"message": "10000 an hour are allowed", "hint": ""}}, 429, Retry_After="1800")
    stub.next = [Answer(status=503), Answer.json({"message": "Too Many Requests"}, 429), *[used_up] * 20]
    assert main(["listens", "import", _history(tmp_path, 10), "--api", url]) == 0
    assert len(stub.kept) == 10


def test_what_is_too_large_is_sent_in_halves(api: tuple[_Api, str], tmp_path: Path) -> None:
    stub, url = api
    stub.next = [Answer(status=413), Answer(status=413)]
    assert main(["listens", "import", _history(tmp_path, 12), "--api", url]) == 0
    assert stub.sizes == [3, 3, 6]


def test_an_import_that_was_cut_off_says_how_it_goes_on(
    api: tuple[_Api, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stub, url = api
    file = _history(tmp_path, 1_100)
    refused = Answer.json({"error": {"message": "the key is none", "hint": "Use one."}}, 401)
    stub.next = [Answer(status=413), Answer(status=413), refused]
    assert main(["listens", "import", file, "--api", url, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["sent"] == 0
    stub.next = [refused]
    assert main(["listens", "import", file, "--api", url, "--from", "1000"]) == 1
    shown = capsys.readouterr().out
    assert "the key is none\nUse one." in shown
    assert "--from 1000" in shown
    assert main(["listens", "import", file, "--api", url, "--from", "1000"]) == 0
    assert len(stub.kept) == 100


def test_a_dry_run_sends_nothing(api: tuple[_Api, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stub, url = api
    assert main(["listens", "import", _history(tmp_path, 3), "--api", url, "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"plays": 3, "left_out": {"podcast": 1}, "sent": 0}
    assert not stub.kept


def test_what_is_sent_is_what_the_api_takes() -> None:
    """One play that it refuses would cost the thousand that are sent with it."""
    wild = {
        "listened_at": _AT,
        "title": "\ud800Glass\0" * 200,
        "artists": [f"Somebody {number}" for number in range(40)],
        "album": "x" * 2_000,
        "isrc": "none",
        "mbid": "none",
        "duration_ms": 10**12,
        "played_ms": -5,
        "skipped": "perhaps",
        "track_id": "no id",
        "client": "y" * 500,
    }
    plays = [play_in(wild, Wanted()), play_in({"listened_at": _AT, "track_id": "deezer:3135556"}, Wanted())]
    sent = [plays_import.play_json(play) for play in plays if isinstance(play, Play)]
    assert len(ListensRequest.model_validate_json(json.dumps({"listens": sent})).listens) == 2


def test_every_reason_for_leaving_a_record_out_has_words() -> None:
    assert set(LeftOut) == set(plays_import._WORDS)
