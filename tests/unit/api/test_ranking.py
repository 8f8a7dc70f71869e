"""What the options do to the answers."""

import math
from typing import Any

import numpy as np
import pytest

from tests.unit.api.world import World, direction, track


def _near(number: int) -> Any:
    """Directions that leave axis 0 further with each number, each along an axis of its own."""
    return direction(**({"a0": 1.0} | ({f"a{number}": number / 10} if number else {})))


def _ids(answer: Any) -> list[str]:
    return [found["track_id"] for found in answer.json()["results"]]


def test_max_per_artist_lets_others_in(world: World) -> None:
    tracks = [track(1)]
    tracks += [track(n, artists=("Émilie", f"Guest {n}")) for n in (2, 3, 4)]
    tracks += [track(5, artists=("emilie",)), track(6, artists=("Guest 2",)), track(7)]
    world.publish(tracks, [_near(n - 1) for n in range(1, 8)])
    assert _ids(world.get("/similar", track_id="deezer:1", max_per_artist=1)) == ["deezer:2", "deezer:7"]
    assert _ids(world.get("/similar", track_id="deezer:1", max_per_artist=2)) == [f"deezer:{n}" for n in (2, 3, 6, 7)]


def test_max_per_album_counts_albums_of_the_same_artist(world: World) -> None:
    tracks = [
        track(1),
        track(2, artists=("A",), album="Hits"),
        track(3, artists=("A",), album="HITS"),
        track(4, artists=("B",), album="Hits"),
        track(5, album=""),
        track(6, album=""),
    ]
    world.publish(tracks, [_near(n - 1) for n in range(1, 7)])
    found = _ids(world.get("/similar", track_id="deezer:1", max_per_album=1))
    assert found == ["deezer:2", "deezer:4", "deezer:5", "deezer:6"]


def test_excluded_tracks_stay_out_in_whatever_form_they_are_named(world: World) -> None:
    world.publish([track(n) for n in range(1, 5)], [_near(n - 1) for n in range(1, 5)])
    excluded = "deezer:2,https://www.deezer.com/track/3"
    assert _ids(world.get("/similar", track_id="deezer:1", exclude=excluded)) == ["deezer:4"]


def test_a_threshold_cuts_the_list(world: World) -> None:
    world.publish([track(n) for n in range(1, 5)], [direction(a0=math.cos(n), a1=math.sin(n)) for n in range(4)])
    found = world.get("/similar", track_id="deezer:1", min_similarity=0.5, k=100).json()["results"]
    assert [result["track_id"] for result in found] == ["deezer:2"]


def test_tags_and_source_filter_even_when_all_matches_are_far_away(world: World) -> None:
    near = [track(n, tags={"rock": 0.9}) for n in range(1, 200)]
    far = [
        track(500, tags={"Hip-Hop": 0.5, "rock": 0.2}),
        track(501, tags={"Hip-Hop": 0.5}),
        track(502, track_id="file:0123456789abcdef", source="file", tags={"Hip-Hop": 0.5, "rock": 0.1}),
    ]
    world.publish(
        [*near, *far], [*(_near(1 + n % 100) for n in range(199)), *(direction(a127=1, a0=-n) for n in range(3))]
    )
    assert _ids(world.get("/similar", track_id="deezer:1", tags="hip-hop,rock")) == [
        "deezer:500",
        "file:0123456789abcdef",
    ]
    assert _ids(world.get("/similar", track_id="deezer:1", source="file")) == ["file:0123456789abcdef"]


def test_diversity_prefers_what_differs_among_the_similar(world: World) -> None:
    crowd = [direction(a0=1, a1=0.3, a2=n / 1000) for n in range(5)]
    loner = direction(a0=1, a3=0.5)
    world.publish([track(n) for n in range(1, 8)], [direction(a0=1), *crowd, loner])
    plain = _ids(world.get("/similar", track_id="deezer:1", k=2))
    diverse = world.get("/similar", track_id="deezer:1", k=2, diversity=0.6)
    assert "deezer:7" not in plain
    assert _ids(diverse)[1] == "deezer:7"
    assert diverse.json()["results"][1]["similarity"] == pytest.approx(1 / math.sqrt(1.25), abs=1e-3)


def test_versions_of_a_recording_become_one_result_that_lists_them(world: World) -> None:
    tracks = [
        track(1),
        track(2, title="Song", isrc="DEA120000001"),
        track(3, title="Song (Live)", isrc="DEA120000001"),
        track(4, title="Canción"),
        track(5, title="Cancion - Remastered 2011"),
        track(6, title="Cancion"),
    ]
    same = direction(a0=1, a5=0.7)
    other_take = direction(a0=1, a5=0.7, a6=0.9)
    vectors = [direction(a0=1), direction(a0=1, a1=0.1), direction(a0=1, a2=0.9), same, same, other_take]
    world.publish(tracks, vectors)
    answer = world.get("/similar", track_id="deezer:1").json()
    assert {found["track_id"]: [v["track_id"] for v in found["versions"]] for found in answer["results"]} == {
        "deezer:2": ["deezer:3"],
        "deezer:4": ["deezer:5"],
        "deezer:6": [],
    }
    assert len(_ids(world.get("/similar", track_id="deezer:1", collapse_versions="false"))) == 5


def test_a_short_list_names_the_versions_of_its_last_result_too(world: World) -> None:
    tracks = [track(1), track(2, isrc="DEA120000001"), track(3, isrc="DEA120000001")]
    world.publish(tracks, [_near(n) for n in range(3)])
    (found,) = world.get("/similar", track_id="deezer:1", k=1).json()["results"]
    assert (found["track_id"], [version["track_id"] for version in found["versions"]]) == ("deezer:2", ["deezer:3"])


@pytest.mark.parametrize("diversity", [0.0, 0.3, 0.8, 1.0])
def test_pages_fit_together_whatever_the_diversity(world: World, diversity: float) -> None:
    dice = np.random.default_rng(5)
    vectors = dice.normal(size=(300, 128)).astype(np.float32)
    world.publish([track(n) for n in range(1, 301)], [vector / np.linalg.norm(vector) for vector in vectors])
    whole = _ids(world.get("/similar", track_id="deezer:1", k=60, diversity=diversity))
    pages = [
        world.get("/similar", track_id="deezer:1", k=12, offset=offset, diversity=diversity)
        for offset in range(0, 60, 12)
    ]
    assert [track_id for page in pages for track_id in _ids(page)] == whole
    assert len(set(whole)) == 60


def test_versions_of_the_query_are_listed_with_it_and_not_among_the_results(world: World) -> None:
    tracks = [track(1, isrc="DEA120000001"), track(2, isrc="DEA120000001"), track(3)]
    world.publish(tracks, [direction(a0=1), direction(a0=1, a1=0.1), direction(a0=1, a2=0.5)])
    answer = world.get("/similar", track_id="deezer:1").json()
    assert [version["track_id"] for version in answer["query"][0]["versions"]] == ["deezer:2"]
    assert [found["track_id"] for found in answer["results"]] == ["deezer:3"]


def test_filters_never_shorten_an_answer_that_the_catalogue_can_fill(world: World) -> None:
    crowd = [track(n, artists=("One",)) for n in range(2, 120)]
    others = [track(n) for n in range(200, 210)]
    vectors = [
        direction(a0=1),
        *(_near(1 + n % 5) for n in range(118)),
        *(direction(a0=1, a100=3 + n) for n in range(10)),
    ]
    world.publish([track(1), *crowd, *others], vectors)
    found = world.get("/similar", track_id="deezer:1", max_per_artist=1, k=10).json()["results"]
    assert len(found) == 10


def test_extending_a_playlist_leaves_its_tracks_out_and_names_those_it_cannot_use(world: World) -> None:
    world.publish(
        [track(n) for n in range(1, 6)],
        [direction(a0=1), direction(a1=1), direction(a0=1, a1=1), direction(a0=1, a2=3), direction(a1=1, a2=3)],
    )
    answer = world.get("/extend", track_ids="deezer:1,deezer:2,deezer:77,nonsense").json()
    assert [found["track_id"] for found in answer["results"]] == ["deezer:3", "deezer:5", "deezer:4"]
    assert [(skipped["track_id"], skipped["code"]) for skipped in answer["skipped"]] == [
        ("deezer:77", "track_not_found"),
        ("nonsense", "invalid_track_id"),
    ]
    assert world.post("/extend", {"track_ids": ["deezer:1", "deezer:2"]}).json()["results"] == answer["results"]


def test_a_playlist_without_any_usable_track_is_an_error(world: World) -> None:
    world.publish([track(1)], [direction(a0=1)])
    assert world.get("/extend", track_ids="deezer:77").status_code == 404


def test_a_path_walks_in_small_steps_and_ends_at_its_destination(world: World) -> None:
    angles = [math.pi / 2 * n / 9 for n in range(10)]
    on_the_way = [direction(a0=math.cos(angle), a1=math.sin(angle)) for angle in angles]
    aside = [direction(a5=1), direction(a0=1, a6=2)]
    world.publish([track(n) for n in range(1, 13)], [*on_the_way, *aside])
    answer = world.request("GET", "/path?from=deezer:1&to=deezer:10&steps=8").json()
    assert [found["track_id"] for found in answer["results"]] == [f"deezer:{n}" for n in range(2, 11)]
    assert all(found["similarity"] == pytest.approx(math.cos(math.pi / 18), abs=2e-3) for found in answer["results"])
    assert [end["track_id"] for end in answer["query"]] == ["deezer:1", "deezer:10"]


def test_a_path_never_plays_a_recording_twice(world: World) -> None:
    tracks = [track(n, title="Same", artists=("A",)) for n in range(2, 9)]
    vectors = [direction(a0=1, a1=n / 4) for n in range(2, 9)]
    world.publish([track(1), *tracks, track(9)], [direction(a0=1), *vectors, direction(a1=1)])
    answer = world.request("GET", "/path?from=deezer:1&to=deezer:9&steps=7").json()
    assert len(answer["results"]) == 2
    assert answer["results"][-1]["track_id"] == "deezer:9"


@pytest.mark.parametrize("end", [direction(a0=-1), direction(a0=1)])
def test_a_path_between_opposite_or_equal_tracks_arrives(world: World, end: Any) -> None:
    world.publish([track(1), track(2), track(3)], [direction(a0=1), end, direction(a1=1)])
    answer = world.request("GET", "/path?from=deezer:1&to=deezer:2&steps=3").json()
    assert answer["results"][-1]["track_id"] == "deezer:2"
