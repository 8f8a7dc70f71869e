"""GET /similar and POST /similar through the events that API Gateway sends."""

import pytest

from earshot.track import TrackInfo
from tests.unit.api.world import World, direction, track


def _line(world: World, *angles: float, **known: object) -> None:
    """Tracks 1, 2, … at `angles` (radians) on one circle."""
    import math

    world.publish(
        [track(number + 1) for number in range(len(angles))],
        [direction(a0=math.cos(angle), a1=math.sin(angle)) for angle in angles],
    )


def test_neighbours_come_best_first_with_true_cosines_and_without_the_query_track(world: World) -> None:
    _line(world, 0.0, 0.3, 0.1, 2.0)
    answer = world.get("/similar", track_id="deezer:1").json()
    assert [found["track_id"] for found in answer["results"]] == ["deezer:3", "deezer:2", "deezer:4"]
    assert [found["similarity"] for found in answer["results"]] == pytest.approx([0.995, 0.955, -0.416], abs=1e-3)
    assert answer["query"][0]["track_id"] == "deezer:1"
    assert answer["query"][0]["versions"] == []
    assert world.get("/similar", track_id="deezer:1", collapse_versions=False).json()["results"] == answer["results"]
    assert answer["index_version"] == world.versions[-1]
    assert answer["model"] == "musicnn-msd@1"


@pytest.mark.parametrize(
    "form", ["deezer:1", "https://www.deezer.com/track/1", "https://www.deezer.com/de/track/1?a=b"]
)
def test_every_form_of_an_id_names_the_same_track(world: World, form: str) -> None:
    _line(world, 0.0, 0.3)
    assert world.get("/similar", track_id=form).json()["query"][0]["track_id"] == "deezer:1"
    assert world.get("/similar", track_id=form).json()["results"][0]["track_id"] == "deezer:2"


def test_k_limits_and_offset_continues(world: World) -> None:
    _line(world, *(number / 10 for number in range(12)))
    first = world.get("/similar", track_id="deezer:1", k=4).json()["results"]
    second = world.get("/similar", track_id="deezer:1", k=4, offset=4).json()["results"]
    assert [found["track_id"] for found in first + second] == [f"deezer:{number}" for number in range(2, 10)]


def test_results_carry_what_a_listener_sees(world: World) -> None:
    known = {"title": "Ä", "artists": ("X", "Y"), "album": "Z", "url": "https://e.org/1", "duration_ms": 1000}
    world.publish(
        [track(1, tags={"rock": 0.5, "pop": 0.4}), track(2, tags={"pop": 0.9, "rock": 0.25}, **known)],
        [direction(a0=1), direction(a0=1, a1=1)],
    )
    (found,) = world.get("/similar", track_id="deezer:1").json()["results"]
    assert (found["title"], found["artists"], found["album"]) == ("Ä", ["X", "Y"], "Z")
    assert (found["url"], found["duration_ms"], found["source"]) == ("https://e.org/1", 1000, "deezer")
    assert found["tags"] == [{"name": "pop", "probability": 0.9}, {"name": "rock", "probability": 0.25}]
    assert found["shared_tags"] == [{"name": "pop", "strength": 0.4}, {"name": "rock", "strength": 0.25}]


def test_without_an_index_the_answer_is_503(world: World) -> None:
    answer = world.get("/similar", track_id="deezer:1")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_index_yet")


@pytest.mark.parametrize(
    "request_",
    [
        "/similar",
        "/similar?track_id=no+id",
        "/similar?track_id=deezer:1&k=0",
        "/similar?track_id=deezer:1&exclude=no+id",
        "/path?from=no+id&to=deezer:1",
        "/extend?track_ids=deezer:1&exclude=no+id",
    ],
)
def test_a_request_that_can_never_be_answered_is_422_also_without_an_index(world: World, request_: str) -> None:
    assert world.request("GET", request_).status_code == 422


def test_an_unknown_track_is_404(world: World) -> None:
    _line(world, 0.0)
    answer = world.get("/similar", track_id="deezer:77")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "track_not_found")


def test_a_track_on_its_way_is_409_with_its_status(world: World) -> None:
    _line(world, 0.0)
    world.table.register(TrackInfo("deezer:5", "deezer"))
    error = world.get("/similar", track_id="deezer:5").json()["error"]
    assert (error["code"], error["status"]) == ("track_not_ready", "pending")
    world.table.mark_no_preview("deezer:5", reason="miss")
    answer = world.get("/similar", track_id="deezer:5")
    assert answer.status_code == 409
    assert (answer.json()["error"]["status"], answer.json()["error"]["reason"]) == ("no_preview", "miss")


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({}, "track_id"),
        ({"track_id": "deezer:1", "k": "0"}, "k"),
        ({"track_id": "deezer:1", "k": "101"}, "k"),
        ({"track_id": "deezer:1", "k": "ten"}, "k"),
        ({"track_id": "deezer:1", "min_similarity": "nan"}, "min_similarity"),
        ({"track_id": "deezer:1", "diversity": "1.5"}, "diversity"),
        ({"track_id": "deezer:1", "source": "napster"}, "source"),
        ({"track_id": "no id"}, "track id"),
        ({"track_id": "deezer:1", "exclude": "no id"}, "track id"),
        ({"track_id": "deezer:1", "tags": "polka"}, "polka"),
    ],
)
def test_a_bad_parameter_is_422_and_named(world: World, params: dict[str, str], names: str) -> None:
    _line(world, 0.0, 0.1)
    answer = world.get("/similar", **params)
    assert answer.status_code == 422
    assert names in answer.json()["error"]["message"]
    assert "options" not in answer.json()["error"]["message"]
    assert answer.json()["error"]["hint"]


def test_seeds_add_up_and_negative_ones_push_away(world: World) -> None:
    world.publish(
        [track(number) for number in range(1, 6)],
        [direction(a0=1), direction(a1=1), direction(a0=1, a1=1), direction(a0=1, a2=1), direction(a0=1, a1=-1)],
    )
    both = world.post("/similar", {"seeds": [{"track_id": "deezer:1"}, {"track_id": "deezer:2"}]}).json()
    assert both["results"][0]["track_id"] == "deezer:3"
    assert both["results"][0]["similarity"] == pytest.approx(1, abs=1e-3)
    without = world.post(
        "/similar", {"seeds": [{"track_id": "deezer:1"}, {"track_id": "deezer:2", "weight": -1}], "k": 1}
    ).json()
    assert [found["track_id"] for found in without["results"]] == ["deezer:5"]
    assert [seed["weight"] for seed in without["query"]] == [1, -1]


@pytest.mark.parametrize("weights", [(1, -1), (0, 0), (0.5, -0.5)])
def test_seeds_that_cancel_out_are_422(world: World, weights: tuple[float, float]) -> None:
    _line(world, 0.0, 0.1)
    seeds = [{"track_id": "deezer:1", "weight": weight} for weight in weights]
    answer = world.post("/similar", {"seeds": seeds})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_input")


def test_the_answer_of_an_index_version_is_not_sent_twice(world: World) -> None:
    _line(world, 0.0, 0.1)
    first = world.get("/similar", track_id="deezer:1")
    again = world.request("GET", "/similar?track_id=deezer:1", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert "max-age" in first.headers["cache-control"]


def test_tags_are_compared_weakly_and_answers_vary_with_their_encoding(world: World) -> None:
    _line(world, 0.0, 0.1)
    for path in ("/similar?track_id=deezer:1", "/map", "/page/app.js"):
        first = world.request("GET", path)
        assert "Accept-Encoding" in first.headers["vary"]
        strong = first.headers["etag"].removeprefix("W/")
        for known in (strong, f"W/{strong}", f'"other", {strong}'):
            answer = world.request("GET", path, headers={"If-None-Match": known, "Accept-Encoding": "gzip"})
            assert (answer.status_code, answer.content) == (304, b"")
            assert "content-encoding" not in answer.headers  # else the body is a compressed nothing, which is something
        assert world.request("GET", path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_errors_are_never_cached(world: World) -> None:
    _line(world, 0.0, 0.1)
    answer = world.get("/similar", track_id="deezer:9")
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers
