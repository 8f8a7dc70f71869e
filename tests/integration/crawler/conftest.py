from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import earshot.clock
from tests.stubs.deezer import DeezerStub
from tests.stubs.itunes import ItunesStub
from tests.stubs.spotify import SpotifyStub
from tests.stubs.stack import Stack, running_stack
from tests.stubs.web import StubServer, serve

Later = Callable[[timedelta], None]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Lets time pass for everything that looks at Earshot's clock."""
    honest, passed = earshot.clock.now, timedelta()

    def let_pass(some: timedelta) -> None:
        nonlocal passed
        passed += some

    monkeypatch.setattr(earshot.clock, "now", lambda: honest() + passed)
    return let_pass


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    music = tmp_path / "music"
    music.mkdir()
    return music


@pytest.fixture
def folder_stack(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[Stack]:
    with running_stack(monkeypatch, folder_roots=str(folder), pages_per_message="1") as stack:
        yield stack


@pytest.fixture
def spotify() -> SpotifyStub:
    return SpotifyStub()


@pytest.fixture
def spotify_server(spotify: SpotifyStub) -> Iterator[StubServer]:
    with serve(spotify) as server:
        yield server


@pytest.fixture
def deezer() -> DeezerStub:
    return DeezerStub()


@pytest.fixture
def deezer_server(deezer: DeezerStub) -> Iterator[StubServer]:
    with serve(deezer) as server:
        yield server


@pytest.fixture
def itunes() -> ItunesStub:
    return ItunesStub()


@pytest.fixture
def itunes_server(itunes: ItunesStub) -> Iterator[StubServer]:
    with serve(itunes) as server:
        yield server


@pytest.fixture
def spotify_settings(spotify_server: StubServer, tmp_path: Path) -> dict[str, str]:
    return {
        "providers": "spotify",
        "allowed_hosts": "127.0.0.1",
        "allow_loopback": "1",
        "spotify_client_id": "app",
        "spotify_client_secret": "stub-secret",
        "spotify_login": str(tmp_path / "spotify-login.json"),
        "spotify_api_url": f"{spotify_server.url}/v1/",
        "spotify_accounts_url": spotify_server.url,
        "spotify_calls_per_minute": "60000",
    }


@pytest.fixture
def spotify_stack(monkeypatch: pytest.MonkeyPatch, spotify_settings: dict[str, str]) -> Iterator[Stack]:
    """Spotify alone."""
    with running_stack(monkeypatch, **spotify_settings) as stack:
        yield stack


@pytest.fixture
def web_settings(
    spotify_settings: dict[str, str], deezer_server: StubServer, itunes_server: StubServer, folder: Path
) -> dict[str, str]:
    return spotify_settings | {
        "providers": "folder,manifest,spotify,deezer,itunes",
        "folder_roots": str(folder),
        "deezer_api_url": deezer_server.url,
        "itunes_api_url": itunes_server.url,
        "deezer_calls_per_minute": "60000",
        "itunes_calls_per_minute": "60000",
    }


@pytest.fixture
def web_stack(monkeypatch: pytest.MonkeyPatch, web_settings: dict[str, str]) -> Iterator[Stack]:
    """Every provider, at full speed."""
    with running_stack(monkeypatch, **web_settings) as stack:
        yield stack
