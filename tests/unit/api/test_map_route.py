"""GET /map."""

import gc
import time
import weakref

import httpx
import pytest

from api.answers.catalogue import whole
from api.bootstrap import services
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


def test_who_cannot_unpack_it_gets_the_map_as_it_is(world: World) -> None:
    world.publish([track(1, title="Café"), track(2)], [direction(a0=1), direction(a1=1)])
    plain = world.request("GET", "/map", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.json() == world.get("/map").json()
    assert plain.json()["titles"] == ["Café", "Title 2"]


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/map", {}),
        ("/search", {"text": "title", "tags": "rock"}),
        ("/similar", {"track_id": "deezer:1", "tags": "rock"}),
        ("/similar", {"track_id": "deezer:1", "source": "deezer"}),
    ],
)
def test_a_version_that_another_one_has_replaced_leaves_nothing_in_memory(
    world: World, path: str, parameters: dict[str, str]
) -> None:
    def publish() -> None:
        tracks = [track(number, tags={"rock": 0.5}) for number in (1, 2)]
        world.publish(tracks, [direction(a0=1), direction(a1=1)])

    publish()
    assert world.get(path, **parameters).status_code == 200
    before = whole(services().index.current())
    parts: list[object] = [before, *(segment for segment, _ in before.segments)]
    kept = [weakref.ref(part) for part in parts]
    publish()
    del before, parts
    time.sleep(0.11)
    assert world.get("/health").json()["index"]["version"] == world.versions[-1]
    gc.collect()
    assert [reference() for reference in kept] == [None, None]
