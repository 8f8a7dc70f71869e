"""What players ask an OpenSubsonic server at their start, and while they browse and play."""

import hashlib
import json
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.unit.api.world import World, direction, track

pytestmark = pytest.mark.parametrize("settings", [{"EARSHOT_STAGE": "local"}])

_SPACE = "{http://subsonic.org/restapi}"


def _ask(world: World, endpoint: str, **parameters: Any) -> dict[str, Any]:
    answer = world.get(f"/rest/{endpoint}", f="json", u="me", v="1.16.1", c="test", **parameters)
    assert answer.status_code == 200
    content: dict[str, Any] = answer.json()["subsonic-response"]
    return content


@pytest.fixture
def library(world: World) -> World:
    """Two albums of Abba, one of Zebra, and a song that a media server holds."""
    spotify = "11dFghVXANMlKmJXsNCbNl"
    tracks = [
        track(1, title="One", artists=("Abba",), album="First", track_number=2, genres=("Pop",), year=1975),
        track(2, title="Two", artists=("Abba", "Cher"), album="First", track_number=1),
        track(3, title="Three", artists=("Abba",), album="Second", duration_ms=61_000),
        track(4, title="Four", artists=("Zebra",), album="Stripes", artwork_url="https://e.example/x.jpg"),
        track(5, title="Five", artists=("Zebra",), album="Stripes", track_id=f"subsonic:{spotify}", source="subsonic"),
        track(6, title="Six", artists=("1Up",), album="", track_id="4uLU6hMCjMI75M1A2tKUQC", source="spotify"),
    ]
    world.publish(tracks, [direction(a0=4 - n, a1=n + 0.1) for n in range(6)])
    return world


@pytest.mark.parametrize(
    "endpoint",
    ["ping", "getLicense", "getUser", "getMusicFolders", "getIndexes", "getArtists", "getPlaylists", "getStarred2",
     "getScanStatus", "getStarred", "getGenres", "getAlbumList2", "getRandomSongs", "getNowPlaying", "getPodcasts"],
)  # fmt: skip
@pytest.mark.parametrize("form", ["json", "xml", "jsonp"])
def test_what_players_ask_at_their_start_is_answered_in_every_form(library: World, endpoint: str, form: str) -> None:
    for path in (f"/rest/{endpoint}", f"/rest/{endpoint}.view"):
        for method, sent in (("GET", "params"), ("POST", "data")):
            asked = {"f": form, "callback": "cb", "u": "me", "p": "x", "id": "x"}
            answer = library.request(method, path, **{sent: asked})
            assert answer.status_code == 200
            if form == "xml":
                root = ElementTree.fromstring(answer.text)  # noqa: S314 (our own answer)
                assert root.get("status") == "ok"
            else:
                text = answer.text.removeprefix("cb(").removesuffix(");") if form == "jsonp" else answer.text
                assert json.loads(text)["subsonic-response"]["status"] == "ok"


def test_a_library_can_be_browsed_down_to_its_songs(library: World) -> None:
    index = _ask(library, "getArtists")["artists"]["index"]
    assert [(one["name"], [artist["name"] for artist in one["artist"]]) for one in index] == [
        ("#", ["1Up"]), ("A", ["Abba"]), ("Z", ["Zebra"]),
    ]  # fmt: skip
    abba = _ask(library, "getArtist", id=index[1]["artist"][0]["id"])["artist"]
    assert [(album["name"], album["songCount"]) for album in abba["album"]] == [("First", 2), ("Second", 1)]
    album = _ask(library, "getAlbum", id=abba["album"][0]["id"])["album"]
    assert [song["title"] for song in album["song"]] == ["Two", "One"]
    assert album["song"][1]["genre"], album["song"][1]["year"] == ("Pop", 1975)
    assert _ask(library, "getSong", id=album["song"][0]["id"])["song"] == album["song"][0]
    folder = _ask(library, "getMusicDirectory", id=abba["album"][0]["id"])["directory"]
    assert [song["title"] for song in folder["child"]] == ["Two", "One"]
    similar = _ask(library, "getSimilarSongs2", id=abba["id"], count=2)["similarSongs2"]["song"]
    assert {song["artist"] for song in similar}.isdisjoint({"Abba"})


def test_albums_come_in_pages_and_orders(library: World) -> None:
    def names(**asked: Any) -> list[str]:
        return [one["name"] for one in _ask(library, "getAlbumList2", **asked)["albumList2"]["album"]]

    assert names(type="alphabeticalByName", size=2, offset=1) == ["First", "Second"]
    assert names(type="alphabeticalByArtist")[0] == "[Unknown Album]"
    assert names(type="byGenre", genre="Pop") == names(type="byYear", fromYear=1980, toYear=1970) == ["First"]
    assert names(type="starred") == []
    assert sorted(names(type="random")) == sorted(names(type="newest"))


def test_searching_finds_songs_albums_and_artists(library: World) -> None:
    found = _ask(library, "search3", query='"zeb"')["searchResult3"]
    assert [[one["name"] for one in found[what]] for what in ("artist", "album")] == [["Zebra"], ["Stripes"]]
    assert {song["title"] for song in found["song"]} == {"Four", "Five"}
    everything = _ask(library, "search3", query="", songCount=4, songOffset=4)["searchResult3"]
    assert len(everything["song"]) == 2


def test_a_media_servers_id_is_its_songs_even_where_it_looks_like_spotifys(library: World) -> None:
    for song in ("11dFghVXANMlKmJXsNCbNl", "subsonic:11dFghVXANMlKmJXsNCbNl"):
        assert _ask(library, "getSong", id=song)["song"]["title"] == "Five"
        assert _ask(library, "getSimilarSongs", id=song, count=3)["status"] == "ok"
    assert _ask(library, "getSong", id="4uLU6hMCjMI75M1A2tKUQC")["song"]["title"] == "Six"
    assert _ask(library, "getSong", id="0000000000000000000000")["error"]["code"] == 70


@pytest.mark.parametrize("endpoint", ["getSong", "getAlbum", "getArtist", "getMusicDirectory", "getSimilarSongs2"])
def test_what_is_missing_or_unknown_is_said_in_subsonics_way(library: World, endpoint: str) -> None:
    assert _ask(library, endpoint)["error"]["code"] == 10
    assert _ask(library, endpoint, id="nothing: here")["error"]["code"] == 70
    assert _ask(library, "createPlaylist", name="Mine")["error"]["code"] == 0
    assert _ask(library, "getSomething")["status"] == "failed"


def test_a_cover_is_where_its_provider_has_it_and_a_song_too(library: World) -> None:
    song = _ask(library, "getSong", id="deezer:4")["song"]
    answer = library.get("/rest/getCoverArt", id=song["coverArt"])
    assert (answer.status_code, answer.headers["location"]) == (302, "https://e.example/x.jpg")
    assert _ask(library, "getCoverArt", id="deezer:1")["error"]["code"] == 70
    assert _ask(library, "stream", id="deezer:999")["error"]["code"] == 70


def test_without_an_index_a_library_is_empty(world: World) -> None:
    assert _ask(world, "getArtists")["artists"]["index"] == []
    assert _ask(world, "search3", query="x")["searchResult3"]["song"] == []


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch, library: World) -> World:
    from api.bootstrap import services

    rules = services().rules
    object.__setattr__(rules, "player_password", "sésame")
    return library


@pytest.mark.parametrize(
    ("proof", "is_let_in"),
    [
        ({"p": "sésame"}, True),
        ({"p": "enc:" + "sésame".encode().hex()}, True),
        ({"apiKey": "sésame"}, True),
        ({"t": hashlib.md5("sésamesalt".encode()).hexdigest(), "s": "salt"}, True),  # noqa: S324 (the protocol)
        ({"t": hashlib.md5("sésame".encode()).hexdigest()}, False),  # noqa: S324 (a token needs a salt)
        ({"t": "0" * 32, "s": "salt"}, False),
        ({"p": "enc:zz"}, False),
        ({"p": ""}, False),
        ({}, False),
    ],
)
def test_where_players_have_a_password_they_must_know_it(
    guarded: World, proof: dict[str, str], is_let_in: bool
) -> None:
    for endpoint in ("ping", "getSimilarSongs2", "getSong"):
        answer = _ask(guarded, endpoint, id="deezer:1", **proof)
        assert answer.get("error", {}).get("code") == (None if is_let_in else 40)
    stream = guarded.get("/rest/getCoverArt", id="deezer:4", f="json", **proof)
    assert stream.status_code == (302 if is_let_in else 200)
