"""AudioMuse-AI's endpoints, asked as its plugins ask them."""

from typing import Any

import pytest

from tests.unit.api.world import World, direction, track

pytestmark = pytest.mark.parametrize("settings", [{"EARSHOT_STAGE": "local"}])


@pytest.fixture
def library(world: World) -> World:
    """Five songs of a media server on a quarter circle, and one of Deezer's behind them."""
    tracks = [
        track(n, track_id=f"subsonic:tr-{n}", source="subsonic", artists=("Band",) if n > 1 else ("Artist 1",))
        for n in range(1, 6)
    ]
    vectors = [direction(a0=4 - n, a1=n) for n in range(5)]
    world.publish([*tracks, track(6)], [*vectors, direction(a0=-1, a1=0.5)])
    return world


def _ask(world: World, endpoint: str, **asked: Any) -> Any:
    answer = world.get(f"/api/{endpoint}", **asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_similar_tracks_as_navidromes_plugin_asks(library: World) -> None:
    rows = _ask(library, "similar_tracks", item_id="tr-1", n=5, eliminate_duplicates="false", radius_similarity="true")
    assert [row["item_id"] for row in rows] == ["tr-2", "tr-3", "tr-4", "tr-5", "deezer:6"]
    assert [row["distance"] for row in rows] == sorted(row["distance"] for row in rows)
    assert rows[0] | {"title": "Title 2", "author": "Band", "album": "Album 2", "album_artist": "unknown"} == rows[0]
    limited = _ask(library, "similar_tracks", item_id="tr-1", n=5, eliminate_duplicates="true")
    assert [row["item_id"] for row in limited] == ["tr-2", "tr-3", "tr-4", "deezer:6"]


def test_a_seed_may_be_named_by_title_and_artist(library: World) -> None:
    by_name = _ask(library, "similar_tracks", title="Title 1", artist="Artist 1", n=2)
    assert [row["item_id"] for row in by_name] == ["tr-2", "tr-3"]


def test_a_path_as_lyrions_plugin_asks(library: World) -> None:
    found = _ask(library, "find_path", start_song_id="tr-1", end_song_id="tr-5", max_steps=5)
    assert [row["item_id"] for row in found["path"]] == [f"tr-{n}" for n in range(1, 6)]
    assert found["total_distance"] > 0


def test_sonic_similarity_as_navidromes_plugin_asks_and_reads_it(library: World) -> None:
    """AudioMuse-AI-NV-plugin (v8 on) between Navidrome's `nd_get_sonic_similar_tracks`, `nd_find_sonic_path` and us.

    It keeps of a row `item_id`, `title`, `author` and `album` as a `SongRef`, and 1 - `distance`, held to 0..1, as the
    similarity; along a path it reports none. Navidrome finds its song by the id first.
    """
    asked = {"item_id": "tr-1", "n": 4, "eliminate_duplicates": "false", "radius_similarity": "false", "server": "nd"}
    rows = _ask(library, "similar_tracks", **asked)
    matches = [({"id": row["item_id"], "name": row["title"]}, 1 - row["distance"]) for row in rows]
    assert [song for song, _ in matches] == [{"id": f"tr-{n}", "name": f"Title {n}"} for n in range(2, 6)]
    assert [round(similarity, 2) for _, similarity in matches] == [0.95, 0.71, 0.32, 0.0]
    assert all(isinstance(row[name], str) for row in rows for name in ("item_id", "title", "author", "album"))

    asked = {"start_song_id": "tr-1", "end_song_id": "tr-5", "count": 5, "max_steps": 5}
    found = _ask(library, "find_path", **asked, path_fix_size="false", mood_pct=100, server="nd")
    assert [row["item_id"] for row in found["path"]] == [f"tr-{n}" for n in range(1, 6)]
    assert all(isinstance(row[name], str) for row in found["path"] for name in ("title", "author", "album"))


def test_search_as_beets_plugin_asks(library: World) -> None:
    assert [row["item_id"] for row in _ask(library, "search_tracks", title="Title 3", artist="Band")] == ["tr-3"]
    assert len(_ask(library, "search_tracks", search_query="title", start=1, end=3)) == 2
    assert _ask(library, "search_tracks", search_query="ti") == []


def test_alchemy_as_lyrions_plugin_asks(library: World) -> None:
    items = [{"id": "tr-1", "op": "ADD", "type": "song"}, {"id": "tr-5", "op": "SUBTRACT", "type": "song"}]
    answer = library.post("/api/alchemy", {"items": items, "n": 2})
    assert answer.status_code == 200
    assert [row["item_id"] for row in answer.json()["results"]] == ["tr-2", "tr-3"]


@pytest.mark.parametrize(
    ("endpoint", "asked", "status"),
    [
        ("similar_tracks", {}, 400),
        ("similar_tracks", {"title": "x"}, 400),
        ("similar_tracks", {"item_id": "nobody"}, 404),
        ("similar_tracks", {"item_id": "subsonic:nobody"}, 404),
        ("similar_tracks", {"title": "Title 1", "artist": "Nobody"}, 404),
        ("similar_tracks", {"item_id": "tr-1", "n": "ten"}, 400),
        ("find_path", {"start_song_id": "tr-1"}, 400),
        ("find_path", {"start_song_id": "tr-1", "end_song_id": "tr-1"}, 400),
    ],
)
def test_errors_are_audiomuses(library: World, endpoint: str, asked: dict[str, str], status: int) -> None:
    answer = library.get(f"/api/{endpoint}", **asked)
    assert answer.status_code == status
    assert isinstance(answer.json()["error"], str)


@pytest.mark.parametrize("body", [{}, {"items": []}, {"items": [{"id": "tr-1", "op": "SUBTRACT"}]}, {"items": "x"}, []])
def test_an_alchemy_of_nothing_is_refused(library: World, body: Any) -> None:
    assert library.post("/api/alchemy", body).status_code == 400
