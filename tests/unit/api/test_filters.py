"""Filters over HTTP: what people write reaches the answers, on every route, and what is no filter is refused."""

from hashlib import sha256

import pytest

from tests.unit.api.world import World, direction, track


@pytest.fixture
def library(world: World) -> World:
    """Five tracks, the first of them the seed."""
    tracks = [
        track(1, genres=("Jazz",), year=1959, duration_ms=200_000),
        track(2, genres=("Hip-Hop",), year=1994, duration_ms=200_900, artists=("Tyler, The Creator",)),
        track(3, genres=("hip hop", "Folk, World, & Country"), year=1999, duration_ms=600_000, path="Jazz/Live/a.mp3"),
        track(4, genres=("Rock",), year=2001, artists=("The Béatles", "Yoko")),
        track(5, path="Rock/a, b/c.mp3"),
    ]
    world.publish(tracks, [direction(a0=1, **{f"a{number}": 0.2 * number}) for number in range(1, 6)])
    return world


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"genre": "HIP HOP"}, [2, 3]),
        ({"genre": "folk, world and country"}, [3]),
        ({"genre": ["rock", "Folk, World, & Country"]}, [3, 4]),
        ({"genre": "rock,hip hop"}, [2, 3, 4]),
        ({"year": "1990-1999"}, [2, 3]),
        ({"year": "1990s"}, [2, 3]),
        ({"year": "1999-"}, [3, 4]),
        ({"year": "1994"}, [2]),
        ({"length": "3:00-5:00"}, [2]),
        ({"length": "3:20"}, [2]),
        ({"length": "301-"}, [3]),
        ({"folder": "jazz"}, [3]),
        ({"folder": "/Jazz/live/"}, [3]),
        ({"folder": "/live"}, []),
        ({"folder": "Rock/a, b"}, [5]),
        ({"not_artist": "beatles"}, [2, 3, 5]),
        ({"not_artist": ["Tyler, The Creator", "Yoko"]}, [3, 5]),
        ({"not_artist": "The Creator"}, [2, 3, 4, 5]),
        ({"not_artist": "Tyler"}, [3, 4, 5]),
        ({"year": "1990-", "not_artist": "tyler, the creator", "genre": "hiphop"}, [3]),
    ],
)
def test_a_filter_means_the_same_on_every_route(library: World, wanted: dict[str, object], found: list[int]) -> None:
    ids = [f"deezer:{number}" for number in found]
    similar = library.get("/similar", track_id="deezer:1", **wanted).json()
    assert sorted(one["track_id"] for one in similar["results"]) == ids
    body = {
        name: [value] if name in ("genre", "not_artist") and isinstance(value, str) else value
        for name, value in wanted.items()
    }
    mixed = library.post("/similar", {"seeds": [{"track_id": "deezer:1"}], **body}).json()
    assert mixed["results"] == similar["results"]
    searched = library.get("/search", **wanted).json()
    assert sorted(one["track_id"] for one in searched["results"] if one["track_id"] != "deezer:1") == ids
    way = library.get("/path", **{"from": "deezer:1", "to": "deezer:1"}, steps=9, **wanted).json()
    assert sorted(one["track_id"] for one in way["results"][:-1]) == ids


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"genre": "polka"}, "unknown_genre"),
        ({"year": "19"}, "invalid_request"),
        ({"year": "-"}, "invalid_request"),
        ({"year": "1999-1990"}, "invalid_request"),
        ({"length": "long"}, "invalid_request"),
    ],
)
def test_what_is_no_filter_is_refused_with_a_hint(library: World, wanted: dict[str, str], code: str) -> None:
    for path, more in (("/similar", {"track_id": "deezer:1"}), ("/search", {})):
        answer = library.get(path, **more, **wanted)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)
        assert answer.json()["error"]["hint"]


def test_a_year_in_a_body_may_be_a_number(library: World) -> None:
    answer = library.post("/similar", {"seeds": [{"track_id": "deezer:1"}], "year": 1994})
    assert [one["track_id"] for one in answer.json()["results"]] == ["deezer:2"]


def test_genres_are_listed_as_most_write_them_with_their_tracks(library: World) -> None:
    answer = library.get("/genres")
    assert answer.json()["genres"][0]["tracks"] == 2
    assert {genre["name"] for genre in answer.json()["genres"]} == {"Hip-Hop", "Jazz", "Rock", "Folk, World, & Country"}
    assert library.request("GET", "/genres", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def test_one_result_of_a_compilation_and_each_of_albums_that_are_only_called_alike(world: World) -> None:
    compilation = {"album": "Club Night 7", "album_artist": "Various Artists"}
    tracks = [
        track(1),
        *(track(number, artists=(f"Deck {number}",), **compilation) for number in (2, 3)),
        track(4, artists=("Deck 4",), album="Club night 7", album_artist="VA"),
        track(5, artists=("Band",), album="Greatest Hits"),
        track(6, artists=("Other band",), album="Greatest Hits"),
        track(7, artists=("One",), album="Mix", path="Mixes/Mix/CD1/1.mp3"),
        track(8, artists=("Two",), album="Mix", path="Mixes/Mix/CD2/1.mp3"),
    ]
    world.publish(tracks, [direction(a0=1, **{f"a{number}": 0.1 * number}) for number in range(1, 9)])
    answer = world.get("/similar", track_id="deezer:1", max_per_album="1").json()
    assert [one["track_id"] for one in answer["results"]] == ["deezer:2", "deezer:5", "deezer:6", "deezer:7"]


def test_nobody_is_no_artist_of_whom_there_could_be_too_many(world: World) -> None:
    tracks = [track(1), *(track(number, artists=("Various Artists",)) for number in (2, 3))]
    world.publish(tracks, [direction(a0=1, **{f"a{number}": 0.1 * number}) for number in range(1, 4)])
    assert len(world.get("/similar", track_id="deezer:1", max_per_artist="1").json()["results"]) == 2


@pytest.mark.parametrize("settings", [{"EARSHOT_API_KEYS": sha256(b"a key").hexdigest(), "EARSHOT_STAGE": "dev"}])
def test_only_who_may_see_paths_asks_for_folders(library: World) -> None:
    """Answers would tell anybody which folders there are."""
    for path in (
        "/similar?track_id=deezer:1&folder=jazz",
        "/path?from=deezer:1&to=deezer:2&folder=jazz",
        "/search?folder=jazz",
    ):
        assert library.request("GET", path).status_code == 401
        answer = library.request("GET", path, headers={"X-Api-Key": "a key"})
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"].startswith("private")
    assert library.post("/similar", {"seeds": [{"track_id": "deezer:1"}], "folder": "jazz"}).status_code == 401
