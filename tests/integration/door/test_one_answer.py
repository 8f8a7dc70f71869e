"""What shards answer together is what one index with all of their tracks answers."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.answers import scale
from api.answers.commonness import commonness_of
from api.answers.query import Query, Seed
from api.answers.ranking import rank
from api.door.asked import in_query
from api.door.contract import SimilarParameters
from api.http.options import OptionParameters
from api.http.presentation import query_track, results
from earshot.descriptors import Descriptors
from earshot.facts import Facts, Learned, recording_of
from earshot.index.searcher import Searcher
from earshot.keys import KEYS
from earshot.track import Track
from tests.unit.api.world import DIM, direction, track

from .conftest import Division, opened

DivisionOf = Callable[..., Division]


def catalogue(numbers: list[int], seed: int) -> tuple[list[Track], list[Any]]:
    """Tracks of some artists, some of them the same recordings, with tags, none as near to another as to a third."""
    dice = np.random.default_rng(seed)
    centres = dice.normal(size=(4, DIM))
    tracks, vectors = [], []
    for number in numbers:
        song = int(dice.integers(1, 12))
        tracks.append(
            track(
                number, title=f"Song {song}", artists=(f"Artist {song % 5}",), album=f"Album {song % 7}",
                isrc=f"DEA4012345{song:02d}" if song % 3 else None, duration_ms=200_000 + song,
                tags={"rock": 0.5, **({"piano": 0.25} if song % 4 == 0 else {})},
            )
        )  # fmt: skip
        vector = centres[song % 4] + 0.5 * dice.normal(size=DIM)
        vectors.append((vector / np.linalg.norm(vector)).astype(np.float32))
    return tracks, vectors


def seed_in(searcher: Searcher, track_id: str, weight: float = 1.0) -> Seed:
    found, vector = searcher.row(track_id), searcher.vector(track_id)
    assert found is not None
    assert vector is not None
    return Seed(found, vector, weight)


def expected(searcher: Searcher, seeds: list[Seed], options: dict[str, Any]) -> dict[str, Any]:
    """What one index answers, as the API presents it."""
    ranking = rank(searcher, Query.of(seeds), OptionParameters(**options).options())
    common = commonness_of(searcher)
    return {
        "query": [query_track(one.seed, common, one.versions).model_dump(mode="json") for one in ranking.seeds],
        "results": [one.model_dump(mode="json") for one in results(ranking.results, common)],
    }


def assert_alike(answer: Any, expected: Any) -> None:
    """The same but for cosines' last digits: a product of few rows is added up in another order than one of many."""
    if isinstance(expected, dict):
        assert answer.keys() == expected.keys()
        for name, value in expected.items():
            assert_alike(answer[name], value)
    elif isinstance(expected, list):
        assert len(answer) == len(expected)
        for one, other in zip(answer, expected, strict=True):
            assert_alike(one, other)
    else:
        assert answer == (pytest.approx(expected, abs=1e-5) if isinstance(expected, float) else expected)


OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "k": st.integers(1, 30),
        "offset": st.integers(0, 10),
        "diversity": st.sampled_from([0.25, 0.5]),
        "max_per_artist": st.integers(1, 3),
        "max_per_album": st.integers(1, 3),
        "collapse_versions": st.booleans(),
        "min_similarity": st.sampled_from([-0.5, 0.0, 0.25]),
        "tags": st.sampled_from([["rock"], ["piano"], ["rock", "piano"]]),
        "exclude": st.lists(st.integers(1, 60).map("deezer:{}".format), max_size=5),
    },
)


@given(
    numbers=st.lists(st.integers(1, 60), min_size=2, max_size=40, unique=True),
    of=st.integers(1, 6),
    seed=st.integers(0, 999),
    options=OPTIONS,
    weight=st.sampled_from([-0.5, 0.5, 1.0]),
    sample=st.sampled_from([scale.SAMPLE, 30]),
)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_division_answers_as_the_whole(
    *, numbers: list[int], of: int, seed: int, options: dict[str, Any], weight: float, sample: int
) -> None:
    tracks, vectors = catalogue([*numbers, *range(100, 160)], seed)  # so that no shard is empty
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(scale, "SAMPLE", sample)
        division = Division(Path(folder), of)
        division.publish(tracks, vectors)
        for shard in range(of):
            division.serve(shard)
        whole = division.whole()
        first, second = tracks[0].track_id, tracks[1].track_id

        async def asked() -> tuple[dict[str, Any], dict[str, Any]]:
            async with opened(division, timeout_s=20, hedge_s=20) as door:
                query = {name: ",".join(v) if isinstance(v, list) else v for name, v in options.items() if v != []}
                one = await door.get("/similar", track_id=first, **query)
                seeds = [{"track_id": first}, {"track_id": second, "weight": weight}]
                several = await door.post("/similar", {"seeds": seeds, **options})
                return one.json(), several.json()

        one, several = asyncio.run(asked())
        for answer, seeds in (
            (one, [seed_in(whole, first)]),
            (several, [seed_in(whole, first), seed_in(whole, second, weight)]),
        ):
            assert answer["shards"] == {"answered": of, "of": of}
            same = expected(whole, seeds, options)
            assert all(found["closer_than"] is not None for found in same["results"])
            assert_alike({name: answer[name] for name in same}, same)


@pytest.fixture
def division(division_of: DivisionOf) -> Division:
    tracks, vectors = catalogue(list(range(1, 61)), seed=3)
    return division_of(tracks, vectors, 3)


def ask(division: Division, path: str, **parameters: Any) -> Any:
    async def asked() -> Any:
        async with opened(division, timeout_s=20, hedge_s=20) as door:
            return await door.get(path, **parameters)

    return asyncio.run(asked())


def test_a_track_is_looked_up_where_it_is(division: Division) -> None:
    for number in (1, 2, 3, 4):
        answer = ask(division, f"/tracks/deezer:{number}")
        assert (answer.status_code, answer.json()["track_id"], answer.json()["indexed"]) == (
            200,
            f"deezer:{number}",
            True,
        )
    assert ask(division, "/tracks/deezer:99").json()["error"]["code"] == "track_not_found"
    assert ask(division, "/tracks/https%3A%2F%2Fwww.deezer.com%2Ftrack%2F1").json()["track_id"] == "deezer:1"


def test_the_best_of_filtered_tracks_may_all_be_in_one_shard(division_of: DivisionOf) -> None:
    tracks = [track(number, tags={"odd": 0.5} if number == 7 else {"rock": 0.5}) for number in range(1, 31)]
    division = division_of(tracks, [direction(a0=1, a1=number / 30) for number in range(1, 31)], 3)
    found = ask(division, "/similar", track_id="deezer:1", tags="odd").json()
    assert [one["track_id"] for one in found["results"]] == ["deezer:7"]
    answer = ask(division, "/similar", track_id="deezer:1", tags="polka")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "unknown_tag")


def test_what_is_measured_of_a_track_filters_in_shards_as_in_one_index(division_of: DivisionOf) -> None:
    tracks = [
        track(number, descriptors=Descriptors(90.0 + number, None, 0.8, KEYS[number % 24], 0.9, -30.0 + number, 5.0))
        for number in range(1, 31)
    ]
    division = division_of(tracks, [direction(a0=1, a1=number / 30) for number in range(1, 31)], 3)
    for asked in ({"key": "8A"}, {"key": "8A±1,C"}, {"bpm": "95-105"}, {"loudness": "-20..-10"}):
        found = ask(division, "/similar", track_id="deezer:1", k=30, **asked).json()
        given = {name: text.split(",") if name == "key" else text for name, text in asked.items()}
        same = expected(division.whole(), [seed_in(division.whole(), "deezer:1")], {"k": 30, **given})
        assert 0 < len(same["results"]) < 29
        assert_alike(found["results"], same["results"])


def test_how_well_known_tracks_are_counts_in_shards_as_in_one_index(division_of: DivisionOf) -> None:
    tracks: list[Track] = []
    for number in range(1, 31):
        bare = track(number)
        said = Learned("2026-11-27", recording_of(bare.info.to_row()), Facts(listeners=2**number))
        tracks.append(replace(bare, learned={"listenbrainz": said}))
    division = division_of(tracks, [direction(a0=1, a1=number / 30) for number in range(1, 31)], 3)
    for asked in ({"popularity": "20-60"}, {"fame": 1.0}, {"fame": -1.0, "popularity": "-50"}):
        found = ask(division, "/similar", track_id="deezer:1", k=30, **asked).json()
        same = expected(division.whole(), [seed_in(division.whole(), "deezer:1")], {"k": 30, **asked})
        assert len(same["results"]) > 3
        assert_alike(found["results"], same["results"])


def test_whatever_is_a_list_comes_with_commas() -> None:
    asked = in_query(SimilarParameters, "track_id=deezer:1&tags=rock,piano&key=8A,C&key=F&exclude=deezer:2")
    assert (asked.tags, asked.key, asked.exclude) == (["rock", "piano"], ["8A", "C", "F"], ["deezer:2"])


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/similar", 422, "invalid_request"),
        ("/similar?track_id=deezer:1&k=0", 422, "invalid_request"),
        ("/similar?track_id=deezer:1&k=5&k=6", 422, "invalid_request"),
        ("/similar?track_id=deezer:1&other=1", 422, "invalid_request"),
        ("/similar?track_id=nothing", 422, "invalid_track_id"),
        ("/similar?track_id=deezer:999", 404, "track_not_found"),
        ("/similar?track_id=deezer:1&genre=Jazz", 501, "not_served_here"),
        ("/similar?track_id=deezer:1&listening=0.5", 501, "not_served_here"),
        ("/search?text=a", 501, "not_served_here"),
        ("/map", 501, "not_served_here"),
        ("/tracks/deezer:1/audio", 501, "not_served_here"),
        ("/nothing", 404, "route_not_found"),
    ],
)
def test_what_cannot_be_answered_is_said(division: Division, path: str, status: int, code: str) -> None:
    answer = ask(division, path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.headers["cache-control"] == "no-store"


def test_an_answer_of_all_shards_may_be_kept_and_names_their_versions(division: Division) -> None:
    first = ask(division, "/similar", track_id="deezer:1")
    assert first.headers["cache-control"] == "public, max-age=5"
    assert first.headers["x-content-type-options"] == "nosniff"
    assert ask(division, "/similar", track_id="deezer:2").json()["index_version"] == first.json()["index_version"]
    tracks, vectors = catalogue(list(range(1, 61)), seed=3)
    division.publish(tracks, vectors, only=[1], number=1)
    assert ask(division, "/similar", track_id="deezer:1").json()["index_version"] != first.json()["index_version"]


def test_health_says_how_each_shard_is(division: Division) -> None:
    health = ask(division, "/health").json()
    assert (health["status"], health["shards"], health["tracks"]) == ("ok", {"answered": 3, "of": 3}, 60)
    assert [(one["number"], one["status"], one["processes"]) for one in health["each"]] == [
        (number, "up", ["up"]) for number in range(3)
    ]
    assert sum(one["tracks"] for one in health["each"]) == 60
    assert len({one["version"] for one in health["each"]}) == 3
