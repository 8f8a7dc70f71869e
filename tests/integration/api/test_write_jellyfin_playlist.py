"""Answers kept as playlists by a Jellyfin server."""

from collections.abc import Iterator

import pytest

from earshot.errors import ProviderRefused
from earshot.ids import TrackId
from earshot.media_servers.jellyfin import JellyfinServer, authorization
from earshot.media_servers.jellyfin_library import JellyfinLibrary
from earshot.media_servers.server import write_playlist
from earshot.track import TrackInfo
from earshot.web import Downloader
from tests.stubs.jellyfin import API_KEY, TOKEN, USER, JellyfinStub, guid, mbid, song
from tests.stubs.web import StubServer, serve


@pytest.fixture
def jellyfin() -> JellyfinStub:
    return JellyfinStub([song(n) for n in range(1, 130)])


@pytest.fixture
def server(jellyfin: JellyfinStub) -> Iterator[StubServer]:
    with serve(jellyfin) as running:
        yield running


def _library(server: StubServer, token: str = API_KEY) -> JellyfinLibrary:
    web = Downloader(frozenset(), "Earshot").at_home(server.url, authorization(token))
    return JellyfinLibrary(JellyfinServer(web, server.url, USER))


def _own(numbers: range) -> list[TrackInfo]:
    return [TrackInfo(TrackId(f"jellyfin:{guid(n)}"), "jellyfin") for n in numbers]


def test_songs_are_found_by_id_mbid_or_name_and_never_guessed(server: StubServer, jellyfin: JellyfinStub) -> None:
    def known(number: int, **more: object) -> TrackInfo:
        told = {"title": f"Title {number}", "artists": (f"Artist {number}",), "duration_ms": 200_000} | more
        return TrackInfo(TrackId(f"file:{number:016x}"), "file", **told)  # type: ignore[arg-type]

    tracks = [*_own(range(7, 8)), known(3, mbid=mbid(3)), known(5), known(6, duration_ms=90_000), known(999)]
    written = write_playlist(_library(server), "Mix", tracks, may_replace=False)
    assert written.playlist == guid("Mix")
    assert jellyfin.held("Mix") == [guid(7), guid(3), guid(5)]
    assert written.missing == tuple(one.track_id for one in tracks[3:])


def test_a_long_playlist_replaces_one_of_its_name_in_order(server: StubServer, jellyfin: JellyfinStub) -> None:
    jellyfin.keep("Mix", [guid(n) for n in range(60, 125)])
    written = write_playlist(_library(server, TOKEN), "Mix", _own(range(1, 130)), may_replace=True)
    assert written.playlist == guid("Mix")
    assert jellyfin.held("Mix") == [guid(n) for n in range(1, 130)]


def test_what_an_api_key_may_not_change_stays_and_says_what_to_do(server: StubServer, jellyfin: JellyfinStub) -> None:
    jellyfin.keep("Mix", [guid(9)])
    with pytest.raises(ProviderRefused) as caught:
        write_playlist(_library(server), "Mix", _own(range(1, 3)), may_replace=True)
    assert "token of its owner" in caught.value.hint
    assert jellyfin.held("Mix") == [guid(9)]
