"""GET /map."""

import httpx

from tests.unit.api.world import World, direction, track


def test_the_map_travels_compressed_as_columns(world: World) -> None:
    version = world.publish([track(n) for n in range(1, 41)], [direction(**{f"a{n}": 1}) for n in range(40)])
    answer: httpx.Response = world.request("GET", "/map", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < len(answer.content)
    drawn = answer.json()
    assert (drawn["index_version"], drawn["total"]) == (version, 40)
    assert {len(drawn[name]) for name in ("track_ids", "x", "y", "titles", "artists", "tags")} == {40}


def test_without_an_index_there_is_no_map(world: World) -> None:
    assert world.get("/map").json()["error"]["code"] == "no_index_yet"
