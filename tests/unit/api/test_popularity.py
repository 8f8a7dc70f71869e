"""How well known tracks are: asked for on every route, and a weight on what orders them."""

from typing import Any

import pytest

from earshot.facts import Facts, Learned, recording_of
from earshot.track import Track
from tests.unit.api.world import World, direction, track

_LISTENERS = [None, 3, 170, 5_000, 30_000]
_POPULARITY = [None, 13, 50, 83, 100]


def _known(number: int, listeners: int | None) -> Track:
    bare = track(number, year=2011)
    said = {"musicbrainz": Facts(year=1997), "listenbrainz": Facts(listeners=listeners)}
    recording = recording_of(bare.info.to_row())
    learned = {name: Learned("2026-11-27", recording, facts) for name, facts in said.items()}
    return Track(bare.info, bare.status, model=bare.model, learned=learned if listeners else {})


@pytest.fixture
def charted(world: World) -> World:
    """The seed, of which nothing is known, and four others, the better known the farther away."""
    tracks = [_known(number, listeners) for number, listeners in enumerate(_LISTENERS, 1)]
    world.publish(tracks, [direction(a0=1, **{f"a{number}": 0.1 * number}) for number in range(1, 6)])
    return world


def _ids(results: list[dict[str, Any]]) -> list[int]:
    return [int(one["track_id"].removeprefix("deezer:")) for one in results]


@pytest.mark.parametrize(("wanted", "found"), [("40-90", [3, 4]), ("50", [3]), ("84-", [5]), ("-13", [2])])
def test_the_filter_means_the_same_on_every_route(charted: World, wanted: str, found: list[int]) -> None:
    similar = charted.get("/similar", track_id="deezer:1", popularity=wanted).json()["results"]
    assert _ids(similar) == found
    assert [one["popularity"] for one in similar] == [_POPULARITY[number - 1] for number in found]
    mixed = charted.post("/similar", {"seeds": [{"track_id": "deezer:1"}], "popularity": wanted}).json()["results"]
    assert mixed == similar
    assert sorted(_ids(charted.get("/search", popularity=wanted).json()["results"])) == found
    way = charted.get("/path", **{"from": "deezer:1", "to": "deezer:1"}, steps=9, popularity=wanted).json()["results"]
    assert sorted(_ids(way[:-1])) == found


@pytest.mark.parametrize("wanted", ["well", "60-20", "101", "-"])
def test_what_is_no_range_is_refused(charted: World, wanted: str) -> None:
    answer = charted.get("/similar", track_id="deezer:1", popularity=wanted)
    assert answer.status_code == 422
    assert "popularity" in answer.json()["error"]["message"]


def test_fame_orders_and_leaves_similarities_true(charted: World) -> None:
    plain = charted.get("/similar", track_id="deezer:1").json()["results"]
    assert _ids(plain) == [2, 3, 4, 5]
    assert charted.get("/similar", track_id="deezer:1", fame=0).json()["results"] == plain
    known = charted.get("/similar", track_id="deezer:1", fame=1).json()["results"]
    assert _ids(known) == [5, 4, 3, 2]
    assert _ids(charted.get("/similar", track_id="deezer:1", fame=0.1).json()["results"]) == [2, 3, 4, 5]
    assert {one["track_id"]: one["similarity"] for one in known} == {
        one["track_id"]: one["similarity"] for one in plain
    }
    scores = [one["score"] for one in known]
    assert scores == sorted(scores, reverse=True), "score is what orders"
    assert _ids(charted.get("/similar", track_id="deezer:1", fame=-1).json()["results"]) == [2, 3, 4, 5]
    pages = [charted.get("/similar", track_id="deezer:1", fame=1, k=2, offset=offset).json() for offset in (0, 2)]
    assert [one for page in pages for one in page["results"]] == known
    assert charted.get("/similar", track_id="deezer:1", fame=1.5).status_code == 422


def test_the_year_of_a_filter_is_that_of_the_first_release_where_it_is_known(charted: World) -> None:
    found = charted.get("/search", year="1990s").json()["results"]
    assert sorted(_ids(found)) == [2, 3, 4, 5]
    assert {one["year"] for one in found} == {1997}
    assert _ids(charted.get("/search", year="2011").json()["results"]) == [1]


def test_a_page_learns_that_popularity_is_known(charted: World) -> None:
    assert charted.get("/health").json()["popularity"] is True


def test_a_page_learns_that_popularity_is_not_known(world: World) -> None:
    world.publish([track(1)], [direction(a0=1)])
    assert world.get("/health").json()["popularity"] is False


def test_a_track_tells_who_said_what_and_when(world: World) -> None:
    bare = track(1, year=2011)
    world.table.register(bare.info)
    read = world.table.get(bare.track_id)
    assert read is not None
    said = Learned("2026-11-27", recording_of(bare.info.to_row()), Facts(year=1997, genres=("house",)))
    assert world.table.note_learned(read, "musicbrainz", said)
    answer = world.get("/tracks/deezer:1").json()
    assert (answer["year"], answer["genres"]) == (1997, ["house"])
    assert answer["facts"] == [
        {
            "provider": "musicbrainz", "asked": "2026-11-27", "mbid": None, "year": 1997, "artist_mbid": None,
            "country": None, "genres": ["house"], "plays": None, "listeners": None, "page_views": None,
        }
    ]  # fmt: skip
