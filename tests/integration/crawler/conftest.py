from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stubs.spotify import SpotifyStub
from tests.stubs.stack import Stack, running_stack
from tests.stubs.web import StubServer, serve


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
def spotify_stack(monkeypatch: pytest.MonkeyPatch, spotify_server: StubServer) -> Iterator[Stack]:
    settings = {
        "providers": "spotify",
        "allowed_hosts": "127.0.0.1",
        "allow_loopback": "1",
        "spotify_client_id": "app",
        "spotify_client_secret": "stub-secret",
        "spotify_api_url": f"{spotify_server.url}/v1/",
        "spotify_accounts_url": f"{spotify_server.url}/api/token",
    }
    with running_stack(monkeypatch, **settings) as stack:
        yield stack
