"""GET /map."""

import math
import time

import httpx
import numpy as np
import pytest

from api import atlas
from tests.unit.api.world import World, direction, track


def _publish(world: World, n: int) -> None:
    """`n` tracks in two styles that lie far apart."""
    random = np.random.default_rng(1)
    vectors = []
    for number in range(n):
        base = direction(a0=1) if number % 2 else direction(a1=1)
        noisy = base + 0.05 * random.normal(size=len(base)).astype(np.float32)
        vectors.append((noisy / np.linalg.norm(noisy)).astype(np.float32))
    tracks = [track(1000 + number, tags={"rock" if number % 2 else "jazz": 0.6}) for number in range(n)]
    world.publish(tracks, vectors)


def test_every_track_has_a_place_near_those_that_sound_like_it(world: World) -> None:
    _publish(world, 40)
    answer = world.get("/map").json()
    assert answer["total"] == 40
    columns = [answer[name] for name in ("track_ids", "x", "y", "titles", "artists", "tags")]
    assert {len(column) for column in columns} == {40}
    places = list(zip(answer["x"], answer["y"], strict=True))
    for number, place in enumerate(places):
        others = sorted((math.dist(place, other), i) for i, other in enumerate(places) if i != number)
        assert answer["tags"][others[0][1]] == answer["tags"][number]
    assert answer["titles"][0] == "Title 1000"


def test_a_large_catalogue_is_sampled_and_the_sample_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atlas, "MAX_POINTS", 60)
    _publish(world, 200)
    first = world.get("/map").json()
    assert first["total"] == 200
    assert 40 <= len(first["track_ids"]) <= 80
    _publish(world, 202)
    time.sleep(0.11)
    second = world.get("/map").json()
    assert len(set(first["track_ids"]) & set(second["track_ids"])) >= 0.95 * len(first["track_ids"])


def test_the_map_travels_compressed(world: World) -> None:
    _publish(world, 40)
    answer: httpx.Response = world.request("GET", "/map", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < len(answer.content)


def test_without_an_index_there_is_no_map(world: World) -> None:
    assert world.get("/map").json()["error"]["code"] == "no_index_yet"
