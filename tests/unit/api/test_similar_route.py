"""/similar, /extend and /path: what HTTP adds to tests/unit/answers."""

import math
from dataclasses import fields

import pytest

from api.answers.filters import Filters
from api.answers.options import Options
from api.http.options import FilterParameters, OptionParameters
from earshot.ids import TrackId
from earshot.reasons import Reason
from earshot.sources import TRACK_SOURCES
from earshot.track import TrackInfo
from tests.unit.api.world import World, direction, track


def _line(world: World, *angles: float, **known: object) -> None:
    """Tracks 1, 2, … at `angles` (radians) on one circle."""
    world.publish(
        [track(number + 1) for number in range(len(angles))],
        [direction(a0=math.cos(angle), a1=math.sin(angle)) for angle in angles],
    )


def test_an_answer_says_what_was_asked_what_was_found_and_what_it_rests_on(world: World) -> None:
    _line(world, 0.0, 0.3, 0.1)
    answer = world.get("/similar", track_id="deezer:1").json()
    assert [found["track_id"] for found in answer["results"]] == ["deezer:3", "deezer:2"]
    assert [found["similarity"] for found in answer["results"]] == pytest.approx([0.995, 0.955], abs=1e-3)
    assert [found["score"] for found in answer["results"]] == [found["similarity"] for found in answer["results"]]
    assert (answer["query"][0]["track_id"], answer["query"][0]["versions"]) == ("deezer:1", [])
    assert (answer["index_version"], answer["model"]) == (world.versions[-1], "musicnn-msd@1")
    assert answer["spaces"] == {"sound": {"version": world.versions[-1], "recipe": "musicnn-msd@1-128d"}}


@pytest.mark.parametrize("source", TRACK_SOURCES)
def test_tracks_of_one_source_can_be_asked_for(world: World, source: str) -> None:
    world.publish(
        [track(number + 1, source=name) for number, name in enumerate(TRACK_SOURCES)],
        [direction(a0=math.cos(number / 9), a1=math.sin(number / 9)) for number in range(len(TRACK_SOURCES))],
    )
    answer = world.get("/similar", track_id="deezer:1", source=source)
    assert answer.status_code == 200
    expected = [f"deezer:{number + 1}" for number, name in enumerate(TRACK_SOURCES) if name == source and number]
    assert [found["track_id"] for found in answer.json()["results"]] == expected


@pytest.mark.parametrize(
    "form", ["deezer:1", "https://www.deezer.com/track/1", "https://www.deezer.com/de/track/1?a=b"]
)
def test_every_form_of_an_id_names_the_same_track(world: World, form: str) -> None:
    _line(world, 0.0, 0.3)
    assert world.get("/similar", track_id=form).json()["query"][0]["track_id"] == "deezer:1"
    assert world.get("/similar", track_id=form).json()["results"][0]["track_id"] == "deezer:2"


@pytest.fixture
def crowd(world: World) -> World:
    """Eight tracks on one circle, of two artists with an album each, three sources and a recording of two versions."""
    tracks = [
        track(1, tags={"pop": 0.9}),
        track(2, artists=("A",), album="X", tags={"pop": 0.5}),
        track(3, artists=("A",), album="Y"),
        track(4, artists=("B",), album="Z", tags={"pop": 0.5}),
        track(5, artists=("B",), album="Z"),
        track(6, track_id="file:0123456789abcdef", source="file"),
        track(7, track_id="manifest:0123456789abcdef", source="manifest", title="Song", artists=("C",)),
        track(8, title="Song", artists=("C",)),
    ]
    world.publish(tracks, [direction(a0=math.cos(n / 5), a1=math.sin(n / 5)) for n in range(8)])
    return world


_FILE, _MANIFEST = "file:0123456789abcdef", "manifest:0123456789abcdef"
_ALL = ["deezer:2", "deezer:3", "deezer:4", "deezer:5", _FILE, _MANIFEST]


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("k", 2, _ALL[:2]),
        ("offset", 4, _ALL[4:]),
        ("min_similarity", 0.8, _ALL[:3]),
        ("max_per_artist", 1, ["deezer:2", "deezer:4", _FILE, _MANIFEST]),
        ("max_per_album", 1, ["deezer:2", "deezer:3", "deezer:4", _FILE, _MANIFEST]),
        ("exclude", ["https://www.deezer.com/track/2", "deezer:3"], _ALL[2:]),
        ("tags", ["POP"], ["deezer:2", "deezer:4"]),
        ("source", "file", [_FILE]),
        ("source", "manifest", [_MANIFEST]),
        ("diversity", 1.0, ["deezer:2", _MANIFEST, "deezer:5", "deezer:3", "deezer:4", _FILE]),
        ("collapse_versions", False, [*_ALL, "deezer:8"]),
    ],
)
def test_every_option_reaches_the_ranking_from_the_address_and_from_a_body(
    crowd: World, option: str, value: object, expected: list[str]
) -> None:
    parameter = ",".join(value) if isinstance(value, list) else str(value)
    asked = crowd.get("/similar", track_id="deezer:1", **{option: parameter}).json()["results"]
    sent = crowd.post("/similar", {"seeds": [{"track_id": "deezer:1"}], option: value}).json()["results"]
    assert asked == sent
    assert [found["track_id"] for found in asked] == expected


def test_without_options_the_answer_is_that_of_the_rankings_own_defaults() -> None:
    assert OptionParameters().options() == Options(exclude=[], filters=Filters(tags=[], genres=[], not_artists=[]))
    of_lists = {"format", "path_root"}
    of_ranking = {field.name for field in fields(Options)} - {"filters", "heard"}
    assert set(OptionParameters.model_fields) - set(FilterParameters.model_fields) == of_ranking | of_lists | {
        "listening"
    }


def test_results_carry_what_a_listener_sees(world: World) -> None:
    known = {"title": "Ä", "artists": ("X", "Y"), "album": "Z", "url": "https://e.org/1", "duration_ms": 1000}
    world.publish(
        [track(1, tags={"rock": 0.5, "pop": 0.4}), track(2, tags={"pop": 0.9, "rock": 0.3, "jazz": 0.1}, **known)],
        [direction(a0=1), direction(a0=1, a1=1)],
    )
    (found,) = world.get("/similar", track_id="deezer:1").json()["results"]
    assert (found["title"], found["artists"], found["album"]) == ("Ä", ["X", "Y"], "Z")
    assert (found["url"], found["duration_ms"], found["source"]) == ("https://e.org/1", 1000, "deezer")
    assert found["tags"] == [
        {"name": "pop", "probability": 0.9, "share": 1.0}, {"name": "rock", "probability": 0.3, "share": 1.0},
    ]  # fmt: skip
    assert found["shared_tags"] == [{"name": "pop", "strength": 0.4}, {"name": "rock", "strength": 0.3}]


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


def test_a_body_whose_ids_are_none_is_told_so_also_without_an_index(world: World) -> None:
    for body in ({"seeds": [{"track_id": "no id"}]}, {"seeds": [{"track_id": "deezer:1"}], "exclude": ["no id"]}):
        answer = world.post("/similar", body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_track_id")
        assert all(form in answer.json()["error"]["hint"] for form in ("file:", "manifest:", "deezer:"))


def test_an_unknown_track_is_404(world: World) -> None:
    _line(world, 0.0)
    answer = world.get("/similar", track_id="deezer:77")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "track_not_found")


def test_a_track_on_its_way_is_409_with_its_status(world: World) -> None:
    _line(world, 0.0)
    world.table.register(TrackInfo(TrackId("deezer:5"), "deezer"))
    error = world.get("/similar", track_id="deezer:5").json()["error"]
    assert (error["code"], error["status"]) == ("track_not_ready", "pending")
    world.table.mark_no_preview(TrackId("deezer:5"), reason=Reason.MISS)
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


def test_seeds_come_with_weights_and_those_that_cancel_out_are_422(world: World) -> None:
    _line(world, 0.0, 0.5, 1.0, -0.4)
    both = world.post(
        "/similar", {"seeds": [{"track_id": "deezer:1"}, {"track_id": "deezer:2", "weight": -0.5}]}
    ).json()
    assert [seed["weight"] for seed in both["query"]] == [1, -0.5]
    assert both["results"][0]["track_id"] == "deezer:4"
    seeds = [{"track_id": "deezer:1", "weight": weight} for weight in (1, -1)]
    answer = world.post("/similar", {"seeds": seeds})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_input")


def test_extending_a_playlist_leaves_its_tracks_out_and_names_those_it_cannot_use(world: World) -> None:
    _line(world, 0.0, 0.2, 0.4)
    answer = world.get("/extend", track_ids="deezer:1,deezer:77,nonsense").json()
    assert [found["track_id"] for found in answer["results"]] == ["deezer:2", "deezer:3"]
    assert answer["skipped"] == [
        {"track_id": "deezer:77", "code": "track_not_found", "message": "no track deezer:77"},
        {"track_id": "nonsense", "code": "invalid_track_id", "message": "not a track id: 'nonsense'"},
    ]
    assert world.post("/extend", {"track_ids": ["deezer:1"]}).json()["results"] == answer["results"]
    assert world.get("/extend", track_ids="deezer:77").status_code == 404


def test_a_path_leads_from_one_track_to_another(world: World) -> None:
    _line(world, 0.0, 0.2, 0.4, 0.6)
    answer = world.request("GET", "/path?from=deezer:1&to=https://www.deezer.com/track/4&steps=2").json()
    assert [found["track_id"] for found in answer["results"]] == ["deezer:2", "deezer:3", "deezer:4"]
    assert [(found["similarity"], found["score"]) for found in answer["results"]] == [
        (pytest.approx(math.cos(0.2), abs=2e-3), None)
    ] * 3
    assert [end["track_id"] for end in answer["query"]] == ["deezer:1", "deezer:4"]
    assert answer["spaces"]["sound"]["version"] == world.versions[-1]


def test_the_answer_of_an_index_version_is_not_sent_twice(world: World) -> None:
    _line(world, 0.0, 0.1)
    first = world.get("/similar", track_id="deezer:1")
    again = world.request("GET", "/similar?track_id=deezer:1", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert world.versions[-1] in first.headers["etag"]
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
