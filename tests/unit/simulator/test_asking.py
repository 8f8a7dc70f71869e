"""Simulated people before a server that answers as the API does."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from simulator.__main__ import main
from simulator.judging import LENGTHS, WAYS
from tests.stubs.web import Answer, Request, serve

_TRACKS = 60


class _Api:
    """A map of sixty tracks, plays by key, and recommendations by chance, once something was learned."""

    def __init__(self, *, has_learned: bool) -> None:
        self.plays: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.asked: list[tuple[str, str]] = []
        self._spaces: dict[str, dict[str, str]] = {"sound": {}, **({"listening": {}} if has_learned else {})}
        self._busy = 2

    def __call__(self, request: Request) -> Answer:
        key = request.headers.get("X-Api-Key", "")
        match request.method, request.path:
            case "GET", "/map":
                ids = [f"deezer:{number}" for number in range(_TRACKS)]
                x, y = [number % 7 / 7 for number in range(_TRACKS)], [number % 5 / 5 for number in range(_TRACKS)]
                artists = [f"Artist {number % 9}" for number in range(_TRACKS)]
                return Answer.json({"track_ids": ids, "titles": ids, "artists": artists, "x": x, "y": y})
            case "POST", "/listens":
                if self._busy:
                    self._busy -= 1
                    return Answer(status=503)
                self.plays[key] += json.loads(request.body)["listens"]
                return Answer.json({"accepted": 1}, 202)
            case "GET", "/listens":
                return Answer.json({"listens": self.plays[key][::-1][:50]})
        assert request.path == "/recommend"
        self.asked.append((key, request.query["listening"]))
        results = [{"track_id": f"deezer:{number}"} for number in range(_TRACKS + 5)]
        return Answer.json({"results": results, "spaces": self._spaces})


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


def _run(api: _Api, folder: Path, *more: str) -> int:
    with serve(api) as server:
        arguments = ["--url", server.url, "--listeners", "10", "--days", "2", "--rate", "1e9", "--regions", "3"]
        return main([*arguments, "--truth", str(folder / "truth.json"), *more])


def test_people_play_with_their_own_keys_and_others_are_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api = _Api(has_learned=True)
    assert _run(api, tmp_path) == 0
    truth = json.loads((tmp_path / "truth.json").read_text())
    known = {person["key"] for person in truth["people"] if not person["held_out"]}
    assert known >= {key for key in api.plays if key.count("-") == 1} != set()
    shown = capsys.readouterr().out
    assert "8 people played" in shown
    assert len(shown.splitlines()) == 2 + 2 * len(LENGTHS)
    judged = api.asked[1:]
    assert len({key for key, _ in judged}) == len(judged) == 2 * len(LENGTHS) * len(WAYS)
    assert {len([play for play in api.plays[key] if not play["skipped"]]) for key, _ in judged} == set(LENGTHS)


def test_where_nothing_was_learned_nothing_is_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is sent for those who are held out would be learned from, too."""
    api = _Api(has_learned=False)
    assert _run(api, tmp_path) == 0
    assert "--judge" in capsys.readouterr().out
    assert all(key.count("-") == 1 for key in api.plays)
    learned = _Api(has_learned=True)
    assert _run(learned, tmp_path, "--judge") == 0
    assert all(key.count("-") == 4 for key in learned.plays)


def test_a_catalogue_that_is_too_small_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(_Api(has_learned=True), tmp_path, "--regions", "40") == 1
    assert "too few for 40 regions" in capsys.readouterr().err
