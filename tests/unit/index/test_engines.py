"""The seam of engines: any number of files, candidates in any order, similarities from the vectors themselves."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import numpy.typing as npt
import pytest

from annoy_service.gate import admit
from earshot.embedding import Vector
from earshot.errors import DamagedIndex, RecallTooLow
from earshot.ids import SegmentId, TrackId
from earshot.index.arrays import Mask, StoredVectors
from earshot.index.cache import SegmentCache
from earshot.index.engines import registry
from earshot.index.engines.annoy import ANNOY
from earshot.index.engines.engine import Canary, Candidates, Effort, EngineEntry, Opened, Params
from earshot.index.manifest import SegmentEntry
from earshot.index.row_sources import FreshRow, FreshRows, MergedRows
from earshot.index.rows import track_to_line
from earshot.index.segment import Segment
from earshot.index.store import IndexStore
from earshot.index.transform import CatalogueTransform, unit
from earshot.index.write import sealed, stored, write_rows, write_vectors
from earshot.track import Track, TrackInfo

DIM, ROWS = 8, 40


class Half:
    """Keeps the even rows in one file and the odd ones in another; reads as many files as its effort says."""

    name = "half"
    files = ("even.npy", "odd.npy")

    def efforts(self, rows: int) -> Iterator[Effort]:
        yield Effort({"built": rows}, [{"files": 1}, {"files": 2}])

    def build(self, folder: Path, vectors: StoredVectors, params: Params) -> tuple[Canary, ...]:
        for start, name in enumerate(self.files):
            np.save(folder / name, np.arange(start, params["built"], 2))
        return ()

    def load(self, files: Mapping[str, Path], vectors: StoredVectors, entry: EngineEntry) -> Opened:
        parts = [np.load(files[name]) for name in self.files[: entry.params["files"]]]
        return HalfOpened(np.concatenate(parts))


class HalfOpened:
    def __init__(self, rows: npt.NDArray[np.intp]) -> None:
        self._rows = rows[::-1]

    def candidates(self, query: Vector, n: int, dead: Mask | None) -> Candidates:
        return Candidates(self._rows if dead is None else self._rows[~dead[self._rows]])


@pytest.fixture
def half(monkeypatch: pytest.MonkeyPatch) -> Half:
    engine = Half()
    monkeypatch.setattr(registry, "ENGINES", {engine.name: engine})
    return engine


def written(folder: Path, engine: Half, vectors: npt.NDArray[Any]) -> SegmentEntry:
    """A segment of `vectors` that the engine searches, written into `folder`."""
    raw = np.stack([vectors, np.zeros_like(vectors)], axis=1).astype("<f2")
    ids = [TrackId(f"{row:04d}") for row in range(len(raw))]
    rows = [
        FreshRow(track_id, track_to_line(Track(TrackInfo(track_id, "file"))), row.tobytes())
        for track_id, row in zip(ids, raw, strict=True)
    ]
    identity = CatalogueTransform(np.zeros(DIM, np.float32), np.ones(DIM, np.float32), np.eye(DIM, dtype=np.float32))
    objects = {**write_rows(folder, MergedRows([FreshRows(rows, DIM)], DIM)), **write_vectors(folder, identity)}
    entry, recall = admit(engine, folder)
    return sealed("base", len(rows), {**objects, **stored(folder, engine.files)}, entry, recall=recall)


def opened(tmp_path: Path, entry: SegmentEntry, folder: Path) -> Segment:
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="-", aws_secret_access_key="-")
    cache = SegmentCache(IndexStore(client, "no bucket"), tmp_path)
    cache.adopt(entry, folder)
    return Segment(cache, entry, dim=DIM)


def test_the_gate_raises_effort_until_enough_is_found_and_a_segment_computes_similarities_itself(
    half: Half, tmp_path: Path
) -> None:
    vectors = np.random.default_rng(0).normal(size=(ROWS, DIM))
    folder = tmp_path / "new"
    folder.mkdir()
    entry = written(folder, half, vectors)
    assert entry.engine == EngineEntry("half", {"built": ROWS, "files": 2})
    assert entry.recall == 1.0
    segment = opened(tmp_path, entry, folder)
    rows, similarities = segment.nearest(segment.vector(3), 5)
    assert rows.tolist() == [*range(39, 0, -2), *range(38, -1, -2)], "as the engine gave them"
    assert similarities == pytest.approx(unit(segment.vectors[rows]) @ segment.vector(3))
    dead = np.zeros(ROWS, np.bool_)
    dead[3] = True
    assert 3 not in segment.nearest(segment.vector(3), 5, dead)[0]


def test_an_engine_that_finds_too_little_with_all_its_effort_is_not_let_in(half: Half, tmp_path: Path) -> None:
    half.files = ("even.npy",)  # type: ignore[assignment]
    with pytest.raises(RecallTooLow, match=r"recall@10 of half is 0\.\d+ with .*, 0\.95 is needed"):
        written(tmp_path, half, np.random.default_rng(0).normal(size=(ROWS, DIM)))


def test_every_file_of_the_engine_must_be_what_the_manifest_says(half: Half, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    entry = written(folder, half, np.random.default_rng(0).normal(size=(ROWS, DIM)))
    objects = {name: found for name, found in entry.objects.items() if name != "odd.npy"}
    with pytest.raises(DamagedIndex, match=r"has no odd\.npy"):
        opened(tmp_path, SegmentEntry(SegmentId("s"), "base", ROWS, objects, engine=entry.engine), folder)


def test_an_engine_that_this_code_does_not_know_is_named() -> None:
    with pytest.raises(DamagedIndex, match="engine 'hnsw', which is none of exact, annoy"):
        registry.engine_named("hnsw")


@pytest.fixture(scope="module")
def forest(tmp_path_factory: pytest.TempPathFactory) -> tuple[Opened, npt.NDArray[np.float16]]:
    """Annoy over enough rows that its usual effort sees but a part of them."""
    vectors = unit(np.random.default_rng(3).normal(size=(6_000, DIM))).astype(np.float16)
    folder, effort = tmp_path_factory.mktemp("forest"), {"n_trees": 5}
    canaries = ANNOY.build(folder, vectors, effort)
    files = {name: folder / name for name in ANNOY.files}
    return ANNOY.load(files, vectors, EngineEntry(ANNOY.name, {**effort, "search_k": 500}, canaries)), vectors


@pytest.mark.parametrize("dead_share", [0.0, 0.5, 0.99])
@pytest.mark.parametrize("n", [1, 100, 2_000, 6_000])
def test_annoy_gives_as_many_rows_as_are_asked_for_as_far_as_there_are_so_many(
    forest: tuple[Opened, npt.NDArray[np.float16]], n: int, dead_share: float
) -> None:
    opened, vectors = forest
    dead = np.random.default_rng(5).random(len(vectors)) < dead_share
    query: Vector = unit(vectors[:1])[0]
    rows = opened.candidates(query, n, dead).rows
    assert len(rows) == len(set(rows.tolist())) >= min(n, int((~dead).sum()))
    assert not dead[rows].any()
