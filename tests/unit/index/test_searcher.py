"""Answers: the true neighbours, true cosines, the order of ties, and nothing that is dead or excluded."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import numpy.typing as npt
import pytest

from annoy_service.gate import EXACT_UP_TO, write_base
from earshot.errors import InvalidInput
from earshot.ids import TrackId
from earshot.index import layout
from earshot.index.cache import SegmentCache
from earshot.index.manifest import Manifest, SegmentEntry, StoredObject
from earshot.index.reader import open_segments
from earshot.index.row_sources import FreshRow, FreshRows, MergedRows
from earshot.index.rows import track_to_line
from earshot.index.searcher import Searcher
from earshot.index.store import IndexStore
from earshot.index.transform import CatalogueTransform, unit
from earshot.index.write import write_delta
from earshot.track import Track, TrackInfo

DIM = 16
Array = npt.NDArray[Any]
IDENTITY = CatalogueTransform(np.zeros(DIM, np.float32), np.ones(DIM, np.float32), np.eye(DIM, dtype=np.float32))


def name(number: int) -> TrackId:
    return TrackId(f"{number:06d}")


class Shelf:
    """Segments on disk, made without any bucket."""

    def __init__(self, folder: Path) -> None:
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="-", aws_secret_access_key="-")
        self.cache = SegmentCache(IndexStore(client, "no bucket"), folder)
        self.folder = folder

    def segment(self, vectors: Array, start: int = 0, *, base: bool = False) -> SegmentEntry:
        raw = np.stack([vectors, np.zeros_like(vectors)], axis=1).astype("<f2")
        fresh = [
            FreshRow(name(start + i), track_to_line(Track(TrackInfo(TrackId(name(start + i)), "file"))), row.tobytes())
            for i, row in enumerate(raw)
        ]
        rows, folder = MergedRows([FreshRows(fresh, DIM)], DIM), self.folder / f"new-{start}"
        folder.mkdir()
        entry = write_base(folder, rows, IDENTITY) if base else write_delta(folder, rows, IDENTITY)
        self.cache.adopt(entry, folder)
        return entry

    def searcher(self, *entries: SegmentEntry) -> Searcher:
        manifest = Manifest(
            model="test@1", recipe="test", raw_dim=DIM, dim=DIM, segments=entries, transform=StoredObject(0, ""),
            built_at="",
        )  # fmt: skip
        return Searcher(manifest, tuple(open_segments(self.cache, manifest, {}).values()))


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setattr(layout, "_STEPS_FRESH", 2)  # the map of a large base takes many seconds, and has its own tests
    monkeypatch.setattr(layout, "LANDMARKS_OF_MANY", 50)
    return Shelf(tmp_path)


def music(n: int, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 5)) @ np.random.default_rng(9).normal(size=(5, DIM)) + 0.1 * rng.normal(size=(n, DIM))


def stored(vectors: Array) -> Array:
    """As a segment keeps them: unit length, float16."""
    return unit(unit(vectors.astype(np.float16)).astype(np.float16))


def test_base_and_deltas_answer_like_one_exact_search_over_all_of_them(shelf: Shelf) -> None:
    vectors = music(300)
    deltas = [shelf.segment(vectors[200:280], 200), shelf.segment(vectors[280:], 280)]
    searcher = shelf.searcher(shelf.segment(vectors[:200], base=True), *deltas)
    assert searcher.size == 300
    truth = stored(vectors)
    for query in music(20, seed=1):
        cosines = truth @ (query / np.linalg.norm(query))
        found = searcher.search(query.astype(np.float32), 7)
        assert [hit.track.track_id for hit in found] == [name(i) for i in np.argsort(-cosines)[:7]]
        assert [hit.similarity for hit in found] == pytest.approx(np.sort(cosines)[::-1][:7].tolist(), abs=1e-5)


def test_a_base_searched_by_annoy_finds_what_clusters_of_dead_rows_hide(shelf: Shelf) -> None:
    """The dead are the nearest thousand of the query: asking for a few more would find none that is alive."""
    vectors = music(EXACT_UP_TO + 500)
    entry = shelf.segment(vectors, base=True)
    assert entry.engine.name == "annoy"
    truth, query = stored(vectors), stored(vectors)[7]
    order = np.argsort(-(truth @ query))
    searcher = shelf.searcher(entry.with_dead(np.sort(order[:1000])))
    found = [hit.track.track_id for hit in searcher.search(query, 10)]
    assert len(found) == 10
    dead = {name(int(i)) for i in order[:1000]}
    assert not dead.intersection(found)
    assert len(set(found).intersection(name(int(i)) for i in order[1000:1010])) >= 9


def test_vectors_of_several_tracks_are_those_of_each(shelf: Shelf) -> None:
    delta = shelf.segment(music(4, seed=2), 3)
    searcher = shelf.searcher(shelf.segment(music(5), base=True).with_dead([1, 3]), delta)
    names = [*map(name, range(7)), name(9), "an id that is longer than any in the segment", f"{name(2)} and more"]
    vectors, found = searcher.vectors(names)
    assert found.tolist() == [searcher.contains(track_id) for track_id in names]
    assert sum(found) == 6
    for vector, track_id, is_there in zip(vectors, names, found, strict=True):
        own = searcher.vector(track_id)
        assert (own is not None) == is_there
        assert own is None or np.array_equal(vector, own)


def test_equal_similarities_are_ordered_by_track_id(shelf: Shelf) -> None:
    searcher = shelf.searcher(shelf.segment(np.ones((30, DIM)), base=True), shelf.segment(np.ones((5, DIM)), 100))
    found = [hit.track.track_id for hit in searcher.search(np.ones(DIM, np.float32), 33)]
    assert found == [name(i) for i in (*range(30), 100, 101, 102)]
    assert found[:4] == [hit.track.track_id for hit in searcher.search(np.ones(DIM, np.float32), 4)]


def test_excluded_tracks_make_room_for_others(shelf: Shelf) -> None:
    searcher = shelf.searcher(shelf.segment(music(50), base=True))
    query = searcher.vector(name(3))
    assert query is not None
    everything = [hit.track.track_id for hit in searcher.search(query, 12)]
    without = [hit.track.track_id for hit in searcher.search(query, 10, exclude={name(3), everything[4]})]
    assert without == [track_id for track_id in everything if track_id not in {name(3), everything[4]}]


def test_more_than_there_is_gives_what_there_is(shelf: Shelf) -> None:
    entry = shelf.segment(music(5), base=True).with_dead([1])
    assert len(shelf.searcher(entry).search(np.ones(DIM, np.float32), 100)) == 4


def test_a_dead_row_has_neither_vector_nor_metadata(shelf: Shelf) -> None:
    searcher = shelf.searcher(shelf.segment(music(5), base=True).with_dead([1]))
    assert searcher.row(name(1)) is None
    assert searcher.vector(name(1)) is None
    assert not searcher.contains(name(1))
    assert not searcher.contains("an id that is longer than any in the segment")
    assert searcher.contains(name(2))


BAD: dict[str, Callable[[], Array]] = {
    "zero": lambda: np.zeros(DIM, np.float32),
    "NaN": lambda: np.full(DIM, np.nan, np.float32),
    "infinite": lambda: np.full(DIM, np.inf, np.float32),
    "too short": lambda: np.ones(DIM - 1, np.float32),
    "a matrix": lambda: np.ones((1, DIM), np.float32),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_query_that_has_no_direction_is_refused(shelf: Shelf, kind: str) -> None:
    searcher = shelf.searcher(shelf.segment(music(5), base=True))
    with pytest.raises(InvalidInput, match="query vector"):
        searcher.search(BAD[kind](), 3)


def test_a_query_for_nothing_is_refused(shelf: Shelf) -> None:
    with pytest.raises(InvalidInput, match="at least 1"):
        shelf.searcher(shelf.segment(music(5), base=True)).search(np.ones(DIM, np.float32), 0)


@pytest.mark.parametrize("length", [1e-20, 1e20])
def test_the_length_of_a_query_does_not_matter(shelf: Shelf, length: float) -> None:
    searcher = shelf.searcher(shelf.segment(music(20), base=True))
    query = music(1, seed=3)[0].astype(np.float32)
    scaled, plain = (searcher.search(vector, 3) for vector in (query * np.float32(length), query))
    assert [hit.track.track_id for hit in scaled] == [hit.track.track_id for hit in plain]
