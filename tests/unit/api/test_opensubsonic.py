"""OpenSubsonic's sonicSimilarity extension."""

from typing import Any
from xml.etree import ElementTree

import pytest

from tests.unit.api.world import World, direction, track

_NAMESPACE = "{http://subsonic.org/restapi}"


def _ask(world: World, method: str, **params: Any) -> dict[str, Any]:
    answer = world.get(f"/rest/{method}", f="json", u="me", t="x", s="y", v="1.16.1", c="test", **params)
    assert answer.status_code == 200
    envelope: dict[str, Any] = answer.json()["subsonic-response"]
    return envelope


@pytest.fixture
def library(world: World) -> World:
    """Five tracks on a quarter circle, and one opposite of the first."""
    vectors = [direction(a0=4 - n, a1=n) for n in range(5)]
    world.publish([track(n, duration_ms=200_400) for n in range(1, 7)], [*vectors, direction(a0=-1)])
    return world


def test_the_extension_is_announced(library: World) -> None:
    body = _ask(library, "getOpenSubsonicExtensions")
    assert {"name": "sonicSimilarity", "versions": [1]} in body["openSubsonicExtensions"]
    assert (body["status"], body["openSubsonic"]) == ("ok", True)


@pytest.mark.parametrize("suffix", ["", ".view"])
def test_similar_tracks_come_with_scores_from_0_to_1(library: World, suffix: str) -> None:
    matches = _ask(library, f"getSonicSimilarTracks{suffix}", id="deezer:1", count=5)["sonicMatch"]
    assert [match["entry"]["id"] for match in matches] == [f"deezer:{n}" for n in range(2, 7)]
    assert matches[-1]["similarity"] == pytest.approx(0, abs=1e-3)
    assert matches[3]["similarity"] == pytest.approx(0.5, abs=1e-3)
    assert matches[0]["entry"] | {"title": "Title 2", "artist": "Artist 2", "duration": 200} == matches[0]["entry"]


def test_a_path_includes_both_ends(library: World) -> None:
    matches = _ask(library, "findSonicPath", startSongId="deezer:1", endSongId="deezer:5", count=5)["sonicMatch"]
    assert [match["entry"]["id"] for match in matches] == [f"deezer:{n}" for n in range(1, 6)]


def test_similarities_on_a_path_are_those_to_its_first_song(library: World) -> None:
    matches = _ask(library, "findSonicPath", startSongId="deezer:1", endSongId="deezer:5", count=5)["sonicMatch"]
    assert [match["similarity"] for match in matches] == sorted((m["similarity"] for m in matches), reverse=True)
    assert [matches[0]["similarity"], matches[-1]["similarity"]] == pytest.approx([1, 0.5], abs=1e-3)


@pytest.mark.parametrize(("count", "songs"), [(-5, 2), (0, 2), (1, 2), (2, 2), (3, 3), (5, 5), (99999, 6)])
def test_a_path_has_no_more_songs_than_asked_for(library: World, count: int, songs: int) -> None:
    matches = _ask(library, "findSonicPath", startSongId="deezer:1", endSongId="deezer:5", count=count)["sonicMatch"]
    assert len(matches) == songs
    assert [matches[0]["entry"]["id"], matches[-1]["entry"]["id"]] == ["deezer:1", "deezer:5"]


@pytest.mark.parametrize("count", ["500", "0", "-1", "ten", "1e3", "9" * 400, "1,2"])
def test_odd_counts_are_answered_in_subsonics_way(library: World, count: str) -> None:
    for method in ("getSonicSimilarTracks", "findSonicPath"):
        body = _ask(library, method, id="deezer:1", startSongId="deezer:1", endSongId="deezer:2", count=count)
        assert body["status"] == "ok" or body["error"]["code"] == 0


def test_errors_are_subsonics(library: World) -> None:
    assert _ask(library, "getSonicSimilarTracks")["error"]["code"] == 10
    missing = _ask(library, "getSonicSimilarTracks", id="deezer:99")
    assert (missing["status"], missing["error"]["code"]) == ("failed", 70)


def test_without_a_format_the_answer_is_xml(library: World) -> None:
    answer = library.get("/rest/getSonicSimilarTracks", id="deezer:1", count=2)
    assert answer.headers["content-type"] == "application/xml"
    root = ElementTree.fromstring(answer.text)  # noqa: S314 (our own answer)
    assert root.get("status") == "ok"
    entries = root.findall(f"{_NAMESPACE}sonicMatch/{_NAMESPACE}entry")
    assert [entry.get("id") for entry in entries] == ["deezer:2", "deezer:3"]
