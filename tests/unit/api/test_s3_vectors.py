"""The api over an index that S3 Vectors searches: the same answers by sound, and what needs more says so."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annoy_service.vector_copy import Place, copy_version
from api.bootstrap import services
from earshot.index.cache import SegmentCache
from earshot.index.store import IndexStore
from tests.stubs.clients import client
from tests.stubs.s3_vectors import S3VectorsStub
from tests.stubs.web import StubServer, serve
from tests.unit.api.world import DIM, World, running_world, track

VECTORS = "earshot-test-vectors"
TRACKS = [
    track(number, tags={"rock": 0.9 - number / 100}, title="Once more" if number in {3, 4} else f"Title {number}")
    for number in range(40)
]
ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "a track": ("/similar", {"track_id": "deezer:1", "k": 7}),
    "more than a page": ("/similar", {"track_id": "deezer:1", "k": 20, "offset": 15, "collapse_versions": False}),
    "unlike each other": ("/similar", {"track_id": "deezer:1", "k": 5, "diversity": 0.7, "max_per_artist": 1}),
    "a playlist": ("/extend", {"track_ids": "deezer:1,deezer:2,deezer:9"}),
    "a walk": ("/path", {"from": "deezer:1", "to": "deezer:30", "steps": 4}),
}


def vectors() -> Sequence[np.ndarray[Any, np.dtype[np.float32]]]:
    drawn = np.random.default_rng(5).normal(size=(len(TRACKS), DIM)).astype(np.float32) + 0.5
    return list(drawn / np.linalg.norm(drawn, axis=1, keepdims=True))


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[S3VectorsStub, StubServer]]:
    with serve(stub := S3VectorsStub(buckets={VECTORS: {}})) as server:
        yield stub, server


@pytest.fixture
def searched(server: tuple[S3VectorsStub, StubServer], tmp_path: Path) -> Iterator[World]:
    stub, web = server
    stub.buckets, stub.failing = {VECTORS: {}}, []
    where = {"EARSHOT_VECTOR_BUCKET": VECTORS, "AWS_ENDPOINT_URL_S3VECTORS": web.url}
    with running_world(tmp_path / "api", **where) as world:
        yield world


def copy(world: World, folder: Path) -> None:
    store = IndexStore(world.s3, "index")
    copy_version(Place(store, SegmentCache(store, folder / "copy"), client("s3vectors"), VECTORS))


def test_answers_by_sound_are_those_of_files(searched: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert searched.get("/health").json()["status"] == "no_index"
    searched.publish(TRACKS, vectors())
    copy(searched, tmp_path)
    found = {name: searched.get(path, **asked).json() for name, (path, asked) in ASKED.items()}
    assert {one["index_version"] for one in found.values()} == {searched.versions[-1]}
    health = searched.get("/health").json()["index"]
    assert (health["version"], health["tracks"]) == (searched.versions[-1], len(TRACKS))
    assert [(engine["name"], engine["recall"]) for engine in health["engines"]] == [("s3_vectors", 1.0)]
    monkeypatch.delenv("EARSHOT_VECTOR_BUCKET")
    services.cache_clear()
    for name, (path, asked) in ASKED.items():
        own = searched.get(path, **asked).json()
        assert len(own["results"]) > 0
        assert _rounded(found[name]) == _rounded(own), name
        assert all(one["closer_than"] is None for one in found[name]["results"])


_OF_ALL_ROWS = ("closer_than", "reasons", "share")
"""Told of a catalogue whose rows can be looked through."""


def _rounded(results: Any) -> Any:
    if isinstance(results, float):
        return round(results, 4)
    if isinstance(results, dict):
        return {name: _rounded(value) for name, value in results.items() if name not in _OF_ALL_ROWS}
    return [_rounded(one) for one in results] if isinstance(results, list) else results


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/search", {"q": "title"}),
        ("/genres", {}),
        ("/tags", {}),
        ("/map", {}),
        ("/similar", {"track_id": "deezer:1", "tags": "rock"}),
        ("/path", {"from": "deezer:1", "to": "deezer:30", "source": "deezer"}),
    ],
)
def test_what_needs_the_rows_themselves_is_not_served_here(
    searched: World, tmp_path: Path, path: str, asked: dict[str, str]
) -> None:
    searched.publish(TRACKS, vectors())
    copy(searched, tmp_path)
    answer = searched.get(path, **asked)
    assert (answer.status_code, answer.json()["error"]["code"]) == (501, "not_served_here")
    assert "without filters" in answer.json()["error"]["hint"]


def test_a_service_that_turns_requests_away_is_said_to_and_asked_again(
    searched: World, tmp_path: Path, server: tuple[S3VectorsStub, StubServer]
) -> None:
    searched.publish(TRACKS, vectors())
    copy(searched, tmp_path)
    stub, _ = server
    stub.failing = ["TooManyRequestsException"] * 3
    answer = searched.get("/similar", track_id="deezer:1")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "index_unavailable")
    assert VECTORS not in answer.text
    assert searched.get("/similar", track_id="deezer:1").status_code == 200


def test_a_missing_permission_is_our_fault_and_not_told(
    searched: World, tmp_path: Path, server: tuple[S3VectorsStub, StubServer]
) -> None:
    searched.publish(TRACKS, vectors())
    copy(searched, tmp_path)
    stub, _ = server
    stub.failing = ["AccessDeniedException"]
    answer = searched.get("/similar", track_id="deezer:1")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
