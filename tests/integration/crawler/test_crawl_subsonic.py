"""Crawling a media server that speaks OpenSubsonic."""

import logging
from collections.abc import Iterator

import pytest

from crawler.subsonic.source import SubsonicSource
from earshot.errors import PlaylistNotFound, ProviderRefused
from earshot.ids import TrackId, escaped, parse_track_id, unescaped
from earshot.media_servers.subsonic import SubsonicServer
from earshot.playlists import parse_playlist
from earshot.web import Downloader
from tests.stubs.audio import sweep
from tests.stubs.pages import titles_of
from tests.stubs.stack import Stack, running_stack
from tests.stubs.subsonic import PASSWORD, USER, SubsonicStub, error, song
from tests.stubs.web import Answer, Request, StubServer, serve


@pytest.fixture
def subsonic() -> SubsonicStub:
    return SubsonicStub()


@pytest.fixture
def server(subsonic: SubsonicStub) -> Iterator[StubServer]:
    with serve(subsonic) as running:
        yield running


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch, server: StubServer) -> Iterator[Stack]:
    settings = {"subsonic_url": server.url, "subsonic_user": USER, "subsonic_password": PASSWORD}
    with running_stack(monkeypatch, **settings) as running:
        yield running


@pytest.fixture
def source(server: StubServer) -> SubsonicSource:
    web = Downloader(frozenset(), "Earshot", own_servers=frozenset({server.url}))
    return SubsonicSource(SubsonicServer(web, server.url, USER, PASSWORD))


def test_a_playlist_is_heard_with_what_the_server_knows_of_its_songs(stack: Stack, subsonic: SubsonicStub) -> None:
    subsonic.albums = {"a": [song("tr-1"), song("7Ld8Fc9HxyJ3bVtQwEr2Zk", genre="x", genres=[])]}
    subsonic.playlists = {"pl 1": ["7Ld8Fc9HxyJ3bVtQwEr2Zk", "tr-1"]}
    subsonic.audio = {"tr-1": sweep(3), "7Ld8Fc9HxyJ3bVtQwEr2Zk": sweep(3, "flac")}
    stack.run("subsonic:playlist:pl~201")
    tracks = {track.track_id: track.info for track in stack.tracks.scan()}
    assert set(tracks) == {"subsonic:tr-1", "subsonic:7Ld8Fc9HxyJ3bVtQwEr2Zk"}
    found = tracks[TrackId("subsonic:tr-1")]
    assert (found.title, found.artists, found.isrc, found.duration_ms) == (
        "Title tr-1", ("Artist tr-1",), "GBAYE6800001", 200_000,
    )  # fmt: skip
    assert (found.genres, found.year, found.album_artist) == (("Rock", "Noise"), 1999, "Artist tr-1")
    assert (found.track_number, found.disc_number, found.path) == (3, 1, "Artist tr-1/tr-1.mp3")
    assert (found.cover_id, found.mbid) == ("mf-tr-1", song("tr-1")["musicBrainzId"])
    for track_id in tracks:
        preview = stack.previews.get(track_id)
        assert preview is not None
        assert preview.audio == subsonic.audio[unescaped(track_id.partition(":")[2])]


def test_a_second_crawl_downloads_nothing(stack: Stack, subsonic: SubsonicStub) -> None:
    subsonic.albums, subsonic.audio = {"a": [song(1), song(2)]}, {"1": sweep(3), "2": sweep(3)}
    stack.run("subsonic:all")
    subsonic.albums["b"], subsonic.audio["3"] = [song(3)], sweep(3)
    stack.run("subsonic:all")
    assert [query["id"] for endpoint, query in subsonic.asked if endpoint == "download"] == ["1", "2", "3"]


def test_a_library_is_read_to_its_end_whatever_the_sizes_of_albums(
    source: SubsonicSource, subsonic: SubsonicStub
) -> None:
    sizes = [1, 0, 49, 50, 51, 130, 0, 12] + [1] * 230
    subsonic.albums = {f"{n:03}": [song(f"{n}-{m}") for m in range(size)] for n, size in enumerate(sizes)}
    expected = [f"Title {n}-{m}" for n, size in enumerate(sizes) for m in range(size)]
    assert titles_of(source.read_page, "subsonic:all") == expected


def test_a_long_list_is_asked_for_once(source: SubsonicSource, subsonic: SubsonicStub) -> None:
    subsonic.albums = {"a": [song(n) for n in range(120)]}
    subsonic.playlists = {"p": [str(n) for n in range(120)]}
    assert titles_of(source.read_page, "subsonic:playlist:p") == titles_of(source.read_page, "subsonic:album:a")
    assert [endpoint for endpoint, _ in subsonic.asked] == ["getPlaylist", "getAlbum"]


@pytest.mark.parametrize("removed", ["005", "000", "049", "050"])
def test_nothing_is_lost_when_albums_go_while_a_library_is_read(
    source: SubsonicSource, subsonic: SubsonicStub, removed: str
) -> None:
    subsonic.albums = {f"{n:03}": [song(n)] for n in range(120)}
    first = source.read_page(parse_playlist("subsonic:all"), None)
    del subsonic.albums[removed]
    subsonic.albums["00a"] = [song("new")]
    titles, cursor = set(), first.next_cursor
    while cursor:
        page = source.read_page(parse_playlist("subsonic:all"), cursor)
        titles |= {entry.info.title for entry in page.entries if entry.info}
        cursor = page.next_cursor
    seen = {entry.info.title for entry in first.entries if entry.info} | titles
    assert seen >= {one["title"] for one in subsonic.songs().values()} - {"Title new"}


def test_a_server_that_lists_the_same_albums_forever_does_not_hang_a_crawl(
    stack: Stack, subsonic: SubsonicStub
) -> None:
    subsonic.albums = {f"{n:03}": [song(n)] for n in range(100)}

    def without_paging(request: Request) -> Answer | None:
        request.query.pop("offset", None)
        return None

    subsonic.fail = without_paging
    crawl_id = stack.read("subsonic:all")
    assert stack.crawls.count(crawl_id, stack.tracks).total == 100


def test_what_is_no_song_is_counted(stack: Stack, subsonic: SubsonicStub) -> None:
    odd = [song(1, isVideo=True), song(2, type="podcast"), {"title": "no id"}, "nonsense", song(3, isDir=True)]
    subsonic.albums = {"a": odd}  # type: ignore[dict-item]
    subsonic.songs = lambda: {}  # type: ignore[method-assign]
    counts = stack.crawls.count(stack.run("subsonic:all"), stack.tracks)
    assert counts.reasons == {"no_track_id": 4, "episode": 1}


@pytest.mark.parametrize("reason", ["too large", "not allowed"])
def test_of_a_file_that_cannot_be_had_a_piece_is_streamed(
    stack: Stack, subsonic: SubsonicStub, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    subsonic.albums, subsonic.streams = {"a": [song(1, duration=1000)]}, {"1": sweep(4)}
    subsonic.audio = {"1": sweep(20, "wav")}
    subsonic.extensions = ("transcodeOffset",)
    subsonic.may_download = reason == "too large"
    monkeypatch.setattr("crawler.media_servers.audio._MAX_FILE_BYTES", 1_000_000)
    stack.run("subsonic:all")
    streamed = [query for endpoint, query in subsonic.asked if endpoint == "stream"]
    assert [(query["format"], query["maxBitRate"], query["timeOffset"]) for query in streamed] == [
        ("mp3", "128", "455")
    ]
    preview = stack.previews.get(TrackId("subsonic:1"))
    assert preview is not None
    assert preview.audio == subsonic.streams["1"]


def test_a_song_that_is_gone_says_so(stack: Stack, subsonic: SubsonicStub) -> None:
    subsonic.albums = {"a": [song(1)]}
    stack.run("subsonic:all")
    track = stack.tracks.get(TrackId("subsonic:1"))
    assert track is not None
    assert (track.status.value, track.reason) == ("no_preview", "not_found")


def test_a_server_that_knows_no_tokens_is_given_the_password(source: SubsonicSource, subsonic: SubsonicStub) -> None:
    subsonic.takes_tokens, subsonic.albums = False, {"a": [song(1)]}
    assert titles_of(source.read_page, "subsonic:album:a") == ["Title 1"]
    assert all("t" not in query for _, query in subsonic.asked[1:])


def test_such_a_server_is_given_the_password_for_audio_too(stack: Stack, subsonic: SubsonicStub) -> None:
    subsonic.takes_tokens, subsonic.albums, subsonic.audio = False, {"a": [song(1)]}, {"1": sweep(3)}
    stack.run("subsonic:all")
    assert stack.previews.exists(TrackId("subsonic:1"))


@pytest.mark.parametrize("code", [40, 50, 0])
def test_a_refusal_ends_the_crawl_and_shows_no_password(
    stack: Stack, subsonic: SubsonicStub, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    subsonic.fail = lambda _: error(code, "no")
    with caplog.at_level(logging.DEBUG):
        counts = stack.crawls.count(stack.run("subsonic:all"), stack.tracks)
    assert counts.summary.error is not None
    assert PASSWORD not in f"{counts}{caplog.text}"


def test_what_the_server_does_not_hold_is_no_playlist(source: SubsonicSource) -> None:
    with pytest.raises(PlaylistNotFound):
        source.read_page(parse_playlist("subsonic:playlist:none"), None)


def test_nothing_but_the_server_that_was_set_is_asked(server: StubServer, subsonic: SubsonicStub) -> None:
    subsonic.fail = lambda _: Answer(302, headers={"Location": "http://127.0.0.1:9/rest/ping"})
    web = Downloader(frozenset(), "Earshot", own_servers=frozenset({server.url}))
    with pytest.raises(ProviderRefused, match="only https"):
        SubsonicServer(web, server.url, USER, PASSWORD).get("ping")


def test_without_a_server_the_crawl_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    with running_stack(monkeypatch) as stack:
        found = stack.crawls.count(stack.run("subsonic:all"), stack.tracks).summary.error
    assert found is not None
    assert "EARSHOT_SUBSONIC_URL" in found["hint"]


@pytest.mark.parametrize("name", ["tr-1", "a:b/c d", "é~%2F", "300000001", "x" * 40, "雪"])
def test_whatever_a_server_calls_a_song_is_an_id_and_comes_back(name: str) -> None:
    track_id = f"subsonic:{escaped(name)}"
    assert parse_track_id(track_id) == track_id
    assert unescaped(track_id.partition(":")[2]) == name
