"""What may be heard: one's own crawled files on this machine, previews at their provider."""

import hashlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from api.one_machine.files import Span, span
from earshot.containers.identity import track_id_of
from earshot.ids import TrackId
from earshot.track import TrackInfo
from earshot.windows import Window
from tests.stubs.web import Answer, StubServer, serve
from tests.unit.api.world import World

local = pytest.mark.parametrize("settings", [{"EARSHOT_STAGE": "local"}])
AUDIO = bytes(range(256)) * 40
FRESH = f"https://cdnt-preview.dzcdn.net/a.mp3?hdnea=exp={int(time.time()) + 86_400}~acl"


def _crawled(world: World, path: Path, content: bytes = AUDIO) -> str:
    path.write_bytes(content)
    track_id = f"file:{hashlib.sha256(content).hexdigest()[:16]}"
    world.table.register(TrackInfo(TrackId(track_id), "file", preview_url=path.as_uri()))
    return track_id


def _ask(world: World, track_id: str, **headers: str) -> httpx.Response:
    return world.request("GET", f"/tracks/{track_id}/audio", headers={"Host": "127.0.0.1:8000", **headers})


@local
def test_a_crawled_file_is_served_whole_and_in_parts(world: World, tmp_path: Path) -> None:
    track_id = _crawled(world, tmp_path / "Ä song.mp3")
    whole = _ask(world, track_id)
    assert (whole.status_code, whole.content) == (200, AUDIO)
    assert (whole.headers["content-type"], whole.headers["accept-ranges"]) == ("audio/mpeg", "bytes")
    part = _ask(world, track_id, Range="bytes=10-19")
    assert (part.status_code, part.content) == (206, AUDIO[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(AUDIO)}"
    assert _ask(world, track_id, Range=f"bytes={len(AUDIO)}-").status_code == 416


@local
def test_of_a_part_of_a_file_the_file_is_served_with_its_window_and_to_players_nothing(
    world: World, tmp_path: Path
) -> None:
    path, window = tmp_path / "album.mp3", Window(63_400, 187_000)
    path.write_bytes(AUDIO)
    with path.open("rb") as file:
        track_id = window.track_id(track_id_of(file))
    world.table.register(TrackInfo(track_id, "file", preview_url=f"{path.as_uri()}#{window.fragment}"))
    served = _ask(world, track_id)
    assert (served.status_code, served.content) == (200, AUDIO)
    assert served.headers["earshot-window"] == "t=63.400,187.000"
    streamed = world.request("GET", f"/rest/stream?id={track_id}&f=json", headers={"Host": "127.0.0.1:8000"})
    assert streamed.content != AUDIO
    path.write_bytes(AUDIO + b"more")
    assert _ask(world, track_id).status_code == 404


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, Span(0, 100, 100)),
        ("bytes=0-", Span(0, 100, 100)),
        ("bytes=90-", Span(90, 100, 100)),
        ("bytes=90-500", Span(90, 100, 100)),
        ("bytes=-7", Span(93, 100, 100)),
        ("bytes=-700", Span(0, 100, 100)),
        ("bytes=-", Span(0, 100, 100)),
        ("bytes=5-9,20-30", Span(0, 100, 100)),
        ("lines=1-2", Span(0, 100, 100)),
        ("bytes=100-", None),
        ("bytes=9-5", None),
        ("bytes=-0", None),
    ],
)
def test_ranges_are_read_as_rfc_9110_says(header: str | None, expected: Span | None) -> None:
    assert span(header, 100) == expected


@local
def test_a_file_that_has_changed_since_is_not_served(world: World, tmp_path: Path) -> None:
    track_id = _crawled(world, tmp_path / "song.mp3")
    (tmp_path / "song.mp3").write_bytes(b"something private")
    answer = _ask(world, track_id)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_playable")


@local
def test_files_that_were_not_crawled_are_out_of_reach(world: World, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_bytes(b"secret")
    for name in ("file:0123456789abcdef", "..%2F..%2Fetc%2Fpasswd", "file:..%2F..%2Fetc", "file:%00"):
        assert _ask(world, name).status_code in (404, 422)
    world.table.register(
        TrackInfo(TrackId("file:0123456789abcdef"), "file", preview_url=(tmp_path / "secret.txt").as_uri())
    )
    assert _ask(world, "file:0123456789abcdef").status_code == 404


def test_other_stages_serve_no_files(world: World, tmp_path: Path) -> None:
    assert _ask(world, _crawled(world, tmp_path / "song.mp3")).status_code == 404


@pytest.fixture
def deezer() -> Iterator[StubServer]:
    """Deezer's API: tracks 1 to 3 have odd previews, track 9 has a good one, the rest is unknown or broken."""
    answers = {
        "1": Answer.json({"id": 1, "preview": "https://cdnt-preview.dzcdn.net/a.mp3?hdnea=exp=1700000000"}),
        "2": Answer.json({"id": 2, "preview": "https://evil.example/a.mp3"}),
        "3": Answer.json({"id": 3, "preview": "", "readable": False}),
        "4": Answer.json({"error": {"type": "DataException", "message": "no data", "code": 800}}),
        "5": Answer.json([]),
        "6": Answer(200, b"<html>"),
        "7": Answer(500),
        "8": Answer(302, headers={"Location": "http://127.0.0.1:9/"}),
        "9": Answer.json({"id": 9, "preview": FRESH}),
    }
    with serve(lambda request: answers[request.path.removeprefix("/track/")]) as stub:
        yield stub


class TestDeezer:
    @pytest.fixture
    def settings(self, deezer: StubServer) -> Mapping[str, str]:
        return {"EARSHOT_DEEZER_API_URL": deezer.url, "EARSHOT_ALLOW_LOOPBACK": "true"}

    def test_a_provider_serves_its_previews_itself_while_the_address_lasts(
        self, world: World, deezer: StubServer
    ) -> None:
        world.table.register(TrackInfo(TrackId("deezer:1"), "deezer", preview_url=FRESH))
        answer = _ask(world, "deezer:1")
        assert (answer.status_code, answer.headers["location"]) == (302, FRESH)
        assert deezer.requests == []

    def test_an_address_is_asked_for_anew_when_somebody_wants_to_hear(self, world: World) -> None:
        world.table.register(TrackInfo(TrackId("deezer:9"), "deezer"))
        answer = _ask(world, "deezer:9")
        assert (answer.status_code, answer.headers["location"]) == (302, FRESH)

    @pytest.mark.parametrize("number", range(1, 9))
    def test_what_deezer_does_not_offer_cannot_be_played(self, world: World, number: int) -> None:
        world.table.register(TrackInfo(TrackId(f"deezer:{number}"), "deezer"))
        answer = _ask(world, f"deezer:{number}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_playable")

    def test_only_tracks_that_were_crawled_are_asked_for(self, world: World, deezer: StubServer) -> None:
        assert _ask(world, "deezer:9").status_code == 404
        assert deezer.requests == []


_DISGUISED = (
    "https://evil.example\\.dzcdn.net/a.mp3",
    "https://me:you@a.dzcdn.net/a.mp3",
    "https://a.dzcdn.net:8443/a.mp3",
    "https://evildzcdn.net/a.mp3",
    "https://[evil/a.mp3",
)


def test_other_sources_are_never_asked_for_an_address(world: World) -> None:
    for url in ("https://evil.example/a.mp3", "http://a.dzcdn.net/", None, *_DISGUISED):
        world.table.register(TrackInfo(TrackId("11dFghVXANMlKmJXsNCbNl"), "spotify", preview_url=url))
        assert _ask(world, "11dFghVXANMlKmJXsNCbNl").status_code == 404


@pytest.mark.parametrize("settings", [{"EARSHOT_STAGE": "dev", "EARSHOT_PREVIEWS_PER_HOUR": "1"}])
def test_a_provider_is_not_asked_for_more_addresses_than_an_hours_share(world: World) -> None:
    world.table.register(TrackInfo(TrackId("deezer:9"), "deezer"))
    first, second = _ask(world, "deezer:9"), _ask(world, "deezer:9")
    assert first.status_code == 404
    assert (second.status_code, second.json()["error"]["code"]) == (429, "quota_exceeded")
