"""Crawling a Jellyfin server."""

import logging
from collections.abc import Iterator

import pytest

from crawler.jellyfin.source import JellyfinSource
from earshot.errors import PlaylistNotFound, ProviderRefused
from earshot.ids import TrackId
from earshot.media_servers.jellyfin import JellyfinServer, authorization
from earshot.playlists import parse_playlist
from earshot.reasons import Reason
from earshot.web import Downloader
from tests.stubs.audio import sweep
from tests.stubs.jellyfin import API_KEY, TOKEN, USER, JellyfinStub, guid, mbid, song
from tests.stubs.pages import titles_of
from tests.stubs.stack import Stack, running_stack
from tests.stubs.web import Answer, Request, StubServer, serve


@pytest.fixture
def jellyfin() -> JellyfinStub:
    return JellyfinStub()


@pytest.fixture
def server(jellyfin: JellyfinStub) -> Iterator[StubServer]:
    with serve(jellyfin) as running:
        yield running


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch, server: StubServer) -> Iterator[Stack]:
    settings = {"jellyfin_url": server.url, "jellyfin_token": API_KEY, "jellyfin_user": USER}
    with running_stack(monkeypatch, **settings) as running:
        yield running


def _server(server: StubServer, token: str = API_KEY, user: str = USER) -> JellyfinServer:
    web = Downloader(frozenset(), "Earshot").at_home(server.url, authorization(token))
    return JellyfinServer(web, server.url, user)


@pytest.fixture
def source(server: StubServer) -> JellyfinSource:
    return JellyfinSource(_server(server))


def test_a_playlist_is_heard_by_its_name_with_what_the_server_knows_of_its_songs(
    stack: Stack, jellyfin: JellyfinStub
) -> None:
    jellyfin.songs = [song(1), song(2, ImageTags={"Primary": "c3"})]
    jellyfin.keep("Ümläut & more", [guid(2), guid(1)])
    jellyfin.audio = {guid(1): sweep(3), guid(2): sweep(3, "flac")}
    stack.run("jellyfin:Ümläut & more")
    tracks = {track.track_id: track.info for track in stack.tracks.scan()}
    assert set(tracks) == {f"jellyfin:{guid(1)}", f"jellyfin:{guid(2)}"}
    found = tracks[TrackId(f"jellyfin:{guid(1)}")]
    assert (found.title, found.artists, found.album, found.duration_ms) == (
        "Title 1", ("Artist 1",), "Album One", 200_000,
    )  # fmt: skip
    assert (found.genres, found.year, found.album_artist) == (("Rock", "Noise"), 1999, "Artist 1")
    assert (found.track_number, found.disc_number, found.path) == (3, 1, "/music/Artist 1/1.flac")
    assert (found.mbid, found.cover_id) == (mbid(1), guid("Album One"))
    assert tracks[TrackId(f"jellyfin:{guid(2)}")].cover_id == guid(2)
    for track_id in tracks:
        preview = stack.previews.get(track_id)
        assert preview is not None
        assert preview.audio == jellyfin.audio[track_id.partition(":")[2]]


def test_a_second_crawl_downloads_nothing(stack: Stack, jellyfin: JellyfinStub, server: StubServer) -> None:
    jellyfin.songs, jellyfin.audio = [song(1)], {guid(n): sweep(3) for n in (1, 2)}
    stack.run("jellyfin:all")
    jellyfin.songs.append(song(2))
    stack.run("jellyfin:all")
    downloads = [request.path for request in server.requests if request.path.endswith("/Download")]
    assert downloads == [f"/Items/{guid(1)}/Download", f"/Items/{guid(2)}/Download"]


def test_a_look_at_what_is_known_costs_a_request_for_every_fifty_songs(
    stack: Stack, jellyfin: JellyfinStub, server: StubServer
) -> None:
    jellyfin.songs = [song(n) for n in range(100)]
    stack.read("jellyfin:all")
    server.requests.clear()
    stack.read("jellyfin:all")
    assert server.hits["/Items"] == 100 // 50 + 1


@pytest.mark.parametrize("size", [0, 1, 49, 50, 51, 69, 70, 71, 100, 333])
def test_a_library_is_read_to_its_end_whatever_its_size(
    source: JellyfinSource, jellyfin: JellyfinStub, size: int
) -> None:
    jellyfin.songs = [song(n) for n in range(size)]
    jellyfin.keep("p", [guid(n) for n in range(size)])
    expected = [f"Title {n}" for n in range(size)]
    assert titles_of(source.read_page, "jellyfin:all") == expected
    assert titles_of(source.read_page, "jellyfin:p") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jellyfin:p", ["Title 2", "Title 1"]),
        ("jellyfin:P", ["Title 2", "Title 1"]),
        ("jellyfin:playlist:p", ["Title 2", "Title 1"]),
        (f"jellyfin:{guid('p')}", ["Title 2", "Title 1"]),
        (f"jellyfin:playlist:{guid('p')}", ["Title 2", "Title 1"]),
        (f"http://nas:8096/web/#/details?id={guid('p')}&serverId={guid('server')}", ["Title 2", "Title 1"]),
        (f"https://a.example/jelly/web/index.html#!/details?id={guid('Album Two')}", ["Title 2"]),
        (f"http://nas:8096/web/#/details?serverId={guid('server')}&id={guid('Artist 1')}", ["Title 1"]),
        (f"http://nas:8096/web/#/details?id={guid(1)}&serverId={guid('server')}", ["Title 1"]),
        (f"see http://nas:8096/web/#/details?id={guid(1)}", ["Title 1"]),
        (f"http://nas:8096/web/index.html#!/music.html?topParentId={guid('Album Two')}", ["Title 2"]),
        ("jellyfin:all", ["Title 1", "Title 2"]),
    ],
)
def test_what_people_copy_leads_to_its_songs(
    source: JellyfinSource, jellyfin: JellyfinStub, text: str, expected: list[str]
) -> None:
    jellyfin.songs = [song(1), song(2, album="Two")]
    jellyfin.keep("p", [guid(2), guid(1)])
    assert titles_of(source.read_page, text) == expected


@pytest.mark.parametrize("removed", [range(5, 6), range(50), range(49, 50), range(50, 51), range(30)])
def test_nothing_is_lost_or_thought_gone_when_songs_go_while_a_library_is_read(
    source: JellyfinSource, jellyfin: JellyfinStub, removed: range
) -> None:
    jellyfin.songs = [song(n) for n in range(120)]
    page = source.read_page(parse_playlist("jellyfin:all"), None)
    seen, reasons = {entry.info.title for entry in page.entries if entry.info}, set()
    jellyfin.songs = [one for n, one in enumerate(jellyfin.songs) if n not in removed]
    while page.next_cursor:
        page = source.read_page(parse_playlist("jellyfin:all"), page.next_cursor)
        seen |= {entry.info.title for entry in page.entries if entry.info}
        reasons |= {entry.reason for entry in page.entries if entry.reason}
    is_complete = seen >= {one["Name"] for one in jellyfin.songs}
    assert is_complete or Reason.LIST_CHANGED in reasons


def test_a_server_that_lists_the_same_forever_does_not_hang_a_crawl(stack: Stack, jellyfin: JellyfinStub) -> None:
    jellyfin.songs = [song(n) for n in range(100)]

    def without_paging(request: Request) -> Answer | None:
        request.query.pop("startIndex", None)
        return None

    jellyfin.fail = without_paging
    assert stack.crawls.count(stack.read("jellyfin:all"), stack.tracks).total == 70


def test_what_is_no_song_is_counted(stack: Stack, jellyfin: JellyfinStub) -> None:
    odd = [song(1, Type="MusicVideo"), song(2, Type="AudioBook"), song(3, Id=None), "nonsense"]
    jellyfin.fail = lambda request: Answer.json({"Items": odd}) if request.path == "/Items" else None
    counts = stack.crawls.count(stack.run("jellyfin:all"), stack.tracks)
    assert counts.reasons == {"no_track_id": 3, "episode": 1}


@pytest.mark.parametrize("reason", ["too large", "not allowed"])
def test_of_a_file_that_cannot_be_had_a_piece_is_transcoded(
    stack: Stack, jellyfin: JellyfinStub, server: StubServer, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    jellyfin.songs, jellyfin.pieces = [song(1, RunTimeTicks=10_000_000_000)], {guid(1): sweep(4)}
    jellyfin.audio = {guid(1): sweep(20, "wav")}
    jellyfin.may_download = reason == "too large"
    monkeypatch.setattr("crawler.media_servers.audio._MAX_FILE_BYTES", 1_000_000)
    stack.run("jellyfin:all")
    (asked,) = [request.query for request in server.requests if request.path.startswith("/Audio/")]
    assert (asked["audioBitRate"], asked["startTimeTicks"]) == ("128000", "4550000000")
    preview = stack.previews.get(TrackId(f"jellyfin:{guid(1)}"))
    assert preview is not None
    assert preview.audio == jellyfin.pieces[guid(1)]


def test_a_song_that_is_gone_says_so(stack: Stack, jellyfin: JellyfinStub) -> None:
    jellyfin.songs = [song(1)]
    stack.run("jellyfin:all")
    track = stack.tracks.get(TrackId(f"jellyfin:{guid(1)}"))
    assert track is not None
    assert (track.status.value, track.reason) == ("no_preview", "not_found")


def test_a_wrong_token_ends_the_crawl_and_no_token_is_shown(
    stack: Stack, jellyfin: JellyfinStub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tests.stubs.jellyfin.API_KEY", "another")
    with caplog.at_level(logging.DEBUG):
        counts = stack.crawls.count(stack.run("jellyfin:all"), stack.tracks)
    assert counts.summary.error is not None
    assert "EARSHOT_JELLYFIN_TOKEN" in counts.summary.error["hint"]
    assert API_KEY not in f"{counts}{caplog.text}"


@pytest.mark.parametrize(
    ("token", "user", "users"), [(TOKEN, "", [USER, "Ben"]), (API_KEY, "ann", [USER, "Ben"]), (API_KEY, "", [USER])]
)
def test_whose_library_is_meant_is_told_by_the_token_or_by_name(
    server: StubServer, jellyfin: JellyfinStub, token: str, user: str, users: list[str]
) -> None:
    jellyfin.users, jellyfin.songs = users, [song(1)]
    assert titles_of(JellyfinSource(_server(server, token, user)).read_page, "jellyfin:all") == ["Title 1"]


@pytest.mark.parametrize("user", ["", "Cy"])
def test_where_nobody_can_tell_whose_library_is_meant_a_name_is_asked_for(server: StubServer, user: str) -> None:
    with pytest.raises(ProviderRefused) as caught:
        titles_of(JellyfinSource(_server(server, API_KEY, user)).read_page, "jellyfin:all")
    assert "EARSHOT_JELLYFIN_USER" in caught.value.hint


def test_what_the_server_does_not_hold_is_no_playlist(source: JellyfinSource) -> None:
    for text in ("jellyfin:none", f"jellyfin:{guid('none')}"):
        with pytest.raises(PlaylistNotFound):
            source.read_page(parse_playlist(text), None)


def test_the_token_goes_to_no_other_server(server: StubServer, jellyfin: JellyfinStub) -> None:
    with serve(lambda _: Answer.json({"Items": []})) as other:
        jellyfin.fail = lambda _: Answer(302, headers={"Location": f"{other.url}/Items"})
        with pytest.raises(ProviderRefused, match="only https"):
            _server(server).get("/Items")
        assert not other.requests
    assert API_KEY not in repr(_server(server)._web)


def test_without_a_server_the_crawl_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    with running_stack(monkeypatch) as stack:
        found = stack.crawls.count(stack.run("jellyfin:all"), stack.tracks).summary.error
    assert found is not None
    assert "EARSHOT_JELLYFIN_URL" in found["hint"]
