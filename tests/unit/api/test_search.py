"""GET /search: what HTTP adds to tests/unit/answers/test_search.py."""

import time

import pytest

from tests.unit.api.world import World, direction, track


@pytest.fixture
def shop(world: World) -> World:
    """Two tracks."""
    tracks = [
        track(1, title="Café del Mar", tags={"electronic": 0.9, "chillout": 0.4}),
        track(2, title="Mar", track_id="manifest:0123456789abcdef", source="manifest", tags={"rock": 0.8}),
    ]
    world.publish(tracks, [direction(a0=1), direction(a0=1, a1=1)])
    return world


def test_every_parameter_narrows_the_answer(shop: World) -> None:
    everything = shop.get("/search").json()
    assert (everything["total"], everything["index_version"]) == (2, shop.versions[-1])
    for parameters in (
        {"text": "cafe"},
        {"tags": "electronic,chillout"},
        {"source": "deezer"},
        {"limit": "1"},
    ):
        assert [found["track_id"] for found in shop.get("/search", **parameters).json()["results"]] == ["deezer:1"]
    for parameters in ({"source": "manifest"}, {"offset": "1"}):
        (found,) = shop.get("/search", **parameters).json()["results"]
        assert found["track_id"] == "manifest:0123456789abcdef"


def test_an_unknown_tag_is_422_and_lists_the_tags(shop: World) -> None:
    answer = shop.get("/search", tags="polka")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "unknown_tag")
    assert "chillout, electronic, rock" in answer.json()["error"]["hint"]


def test_results_have_the_one_shape(shop: World) -> None:
    (found, *_) = shop.get("/search", tags="electronic").json()["results"]
    assert (found["similarity"], found["score"]) == (None, None)
    assert found["shared_tags"] == [{"name": "electronic", "strength": 0.9}]
    similar = shop.get("/similar", track_id="deezer:1").json()
    assert set(found) == set(similar["results"][0])
    assert shop.get("/search").json()["spaces"] == similar["spaces"]


@pytest.mark.parametrize("text", ["\t", "\n", "...", "' OR 1=1", "\u0301", "a" * 200, " ".join("abcdefghijkl")])
def test_odd_texts_are_answered(shop: World, text: str) -> None:
    assert shop.get("/search", text=text).status_code == 200


def test_a_new_version_is_searched_anew(shop: World) -> None:
    shop.publish([track(9, title="Novelty")], [direction(a0=1)])
    time.sleep(0.11)
    assert [found["title"] for found in shop.get("/search").json()["results"]] == ["Novelty"]


def test_the_first_of_a_spread_are_from_all_over_the_catalogue(world: World) -> None:
    tracks = [track(number, title=f"T{number:02d}") for number in range(30)]
    world.publish(tracks, [direction(**{f"a{number % 3}": 1, "a9": 0.01 * number}) for number in range(30)])
    first = world.get("/search", order="spread", limit=3).json()
    assert first["total"] == 30
    assert {int(found["track_id"].split(":")[1]) % 3 for found in first["results"]} == {0, 1, 2}
    pages = [world.get("/search", order="spread", limit=2, offset=offset).json()["results"] for offset in (0, 2)]
    assert [found["track_id"] for page in pages for found in page][:3] == [one["track_id"] for one in first["results"]]


@pytest.mark.parametrize("more", [{"text": "mar"}, {"listening": "0.5"}, {"order": "sideways"}])
def test_a_spread_is_of_no_words(shop: World, more: dict[str, str]) -> None:
    assert shop.get("/search", **{"order": "spread", **more}).status_code == 422
