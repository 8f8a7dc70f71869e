"""Answers kept as playlists by a media server."""

from collections.abc import Iterator

import pytest

from earshot.errors import InvalidRequest, ProviderRefused
from earshot.ids import TrackId
from earshot.media_servers.server import write_playlist
from earshot.media_servers.subsonic import SubsonicServer
from earshot.media_servers.subsonic_library import SubsonicLibrary
from earshot.track import TrackInfo
from earshot.web import Downloader
from tests.stubs.subsonic import PASSWORD, USER, SubsonicStub, mbid, song
from tests.stubs.web import serve


@pytest.fixture
def subsonic() -> SubsonicStub:
    return SubsonicStub(albums={"a": [song(n, isrc=[f"GBAYE68{n:05}"]) for n in range(1, 130)]})


@pytest.fixture
def library(subsonic: SubsonicStub) -> Iterator[SubsonicLibrary]:
    with serve(subsonic) as server:
        web = Downloader(frozenset(), "Earshot", own_servers=frozenset({server.url}))
        yield SubsonicLibrary(SubsonicServer(web, server.url, USER, PASSWORD))


def _known(number: int, **known: object) -> TrackInfo:
    """Song `number` as a file has it."""
    told = {"title": f"Title {number}", "artists": (f"Artist {number}",), "duration_ms": 200_000} | known
    return TrackInfo(TrackId(f"file:{number:016x}"), "file", **told)  # type: ignore[arg-type]


def test_songs_are_found_by_id_mbid_isrc_or_name_and_never_guessed(
    library: SubsonicLibrary, subsonic: SubsonicStub
) -> None:
    subsonic.albums["b"] = [song("twin", title="Title 3", artist="Artist 3", artists=[], isrc=[])]
    tracks = [
        TrackInfo(TrackId("subsonic:7"), "subsonic"),
        _known(3, mbid=mbid("twin"), isrc="GBAYE6800003"),
        _known(4, mbid=mbid("elsewhere"), isrc="GBAYE6800004"),
        _known(5),
        _known(6, duration_ms=100_000),
        _known(8, mbid=mbid("elsewhere")),
        _known(9, title=""),
    ]
    written = write_playlist(library, "Mix", tracks, may_replace=False)
    assert subsonic.playlists[written.playlist] == ["7", "twin", "4", "5"]
    assert written.missing == tuple(one.track_id for one in tracks[4:])


def test_a_long_playlist_is_written_in_parts_and_in_order(library: SubsonicLibrary, subsonic: SubsonicStub) -> None:
    tracks = [TrackInfo(TrackId(f"subsonic:{n}"), "subsonic") for n in range(1, 130)]
    written = write_playlist(library, "Long & wide", tracks, may_replace=False)
    assert subsonic.playlists[written.playlist] == [str(n) for n in range(1, 130)]
    assert subsonic.names[written.playlist] == "Long & wide"


def test_a_name_that_is_taken_is_replaced_only_when_that_was_said(
    library: SubsonicLibrary, subsonic: SubsonicStub
) -> None:
    one, other = (TrackInfo(TrackId(f"subsonic:{n}"), "subsonic") for n in (1, 2))
    first = write_playlist(library, "Mix", [one], may_replace=False)
    with pytest.raises(InvalidRequest, match="already"):
        write_playlist(library, "Mix", [other], may_replace=False)
    assert subsonic.playlists[first.playlist] == ["1"]
    assert write_playlist(library, "Mix", [other], may_replace=True).playlist == first.playlist
    assert subsonic.playlists == {first.playlist: ["2"]}


def test_of_what_the_server_does_not_hold_no_playlist_is_made(library: SubsonicLibrary, subsonic: SubsonicStub) -> None:
    with pytest.raises(InvalidRequest, match="none of these"):
        write_playlist(library, "Mix", [_known(999)], may_replace=False)
    assert subsonic.playlists == {}


def test_a_wrong_password_is_said(library: SubsonicLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.stubs.subsonic.PASSWORD", "another")
    with pytest.raises(ProviderRefused, match="error 40"):
        write_playlist(library, "Mix", [_known(1)], may_replace=False)
