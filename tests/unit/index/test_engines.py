"""The seam of engines: any number of files, candidates in any order, similarities from the vectors themselves."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import numpy.typing as npt
import pytest

from annoy_service.choice import choose
from earshot.embedding import Vector
from earshot.errors import DamagedIndex, RecallTooLow
from earshot.ids import SegmentId, TrackId
from earshot.index.arrays import Mask, StoredVectors
from earshot.index.cache import SegmentCache
from earshot.index.engines import registry
from earshot.index.engines.engine import Canary, Candidates, Effort, Engine, EngineEntry, Opened, Params
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
    import_s = 0.0

    def least_bytes(self, rows: int, dim: int) -> int:
        return rows * dim

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
    choice = choose(folder, [engine])
    return sealed(
        "base", len(rows), {**objects, **stored(folder, engine.files)}, choice.engine, recall=choice.recall,
        trials=choice.trials,
    )  # fmt: skip


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
    with pytest.raises(DamagedIndex, match="engine 'flat', which is none of exact, annoy, ivf_rabitq, hnsw"):
        registry.engine_named("flat")


Built = tuple[Engine, EngineEntry, Path, npt.NDArray[np.float16]]


def built(engine: Engine, folder: Path, vectors: npt.NDArray[np.float16], effort: Params, search: Params) -> Built:
    entry = EngineEntry(engine.name, {**effort, **search}, engine.build(folder, vectors, effort))
    return engine, entry, folder, vectors


def loaded(found: Built) -> Opened:
    engine, entry, folder, vectors = found
    return engine.load({name: folder / name for name in engine.files}, vectors, entry)


@pytest.fixture(scope="module", params=["annoy", "ivf_rabitq", "hnsw"])
def large(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """An engine over enough rows that its usual effort sees but a part of them."""
    vectors = unit(np.random.default_rng(3).normal(size=(3_000, DIM))).astype(np.float16)
    engine = registry.engine_named(request.param)
    effort: Params = {"annoy": {"n_trees": 5}, "ivf_rabitq": {"lists": 50}, "hnsw": {"links": 16}}[engine.name]
    search: Params = {
        "annoy": {"search_k": 300}, "ivf_rabitq": {"probes": 4, "candidates": 50}, "hnsw": {"breadth": 16},
    }[engine.name]  # fmt: skip
    return built(engine, tmp_path_factory.mktemp(engine.name), vectors, effort, search)


@pytest.mark.parametrize("dead_share", [0.0, 0.5, 0.99])
@pytest.mark.parametrize("n", [1, 100, 1_000, 3_000])
def test_an_engine_gives_as_many_rows_as_are_asked_for_as_far_as_there_are_so_many(
    large: Built, n: int, dead_share: float
) -> None:
    opened, vectors = loaded(large), large[3]
    dead = np.random.default_rng(5).random(len(vectors)) < dead_share
    query: Vector = unit(vectors[:1])[0]
    rows, similarities = opened.candidates(query, n, dead)
    assert len(rows) == len(set(rows.tolist())) >= min(n, int((~dead).sum()))
    assert not dead[rows].any()
    if similarities is not None:
        assert similarities == pytest.approx(unit(vectors[rows]) @ query, abs=1e-6)


def test_equal_vectors_give_equal_files_and_equal_canaries(large: Built, tmp_path: Path) -> None:
    engine, entry, folder, vectors = large
    assert engine.build(tmp_path, vectors, entry.params) == entry.canaries
    for name in engine.files:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_an_engine_knows_how_small_its_files_can_be(large: Built) -> None:
    engine, _, folder, vectors = large
    assert 0 < engine.least_bytes(*vectors.shape) <= sum((folder / name).stat().st_size for name in engine.files)


@pytest.mark.parametrize("params", [{}, {"n_trees": 6, "lists": 51, "links": 9}])
def test_files_that_are_not_what_the_manifest_says_are_refused(large: Built, params: Params) -> None:
    engine, entry, folder, vectors = large
    with pytest.raises(DamagedIndex, match=engine.files[0]):
        loaded((engine, EngineEntry(engine.name, {**entry.params, **params} if params else {}), folder, vectors))
    with pytest.raises(DamagedIndex, match=engine.files[0]):
        loaded((engine, entry, folder, vectors[:-1]))


def test_whoever_finds_other_neighbours_than_the_builder_refuses_the_files(large: Built) -> None:
    engine, entry, folder, vectors = large
    others = tuple(Canary(canary.row, tuple(row ^ 1 for row in canary.neighbours)) for canary in entry.canaries)
    with pytest.raises(DamagedIndex, match="canary queries found"):
        loaded((engine, EngineEntry(engine.name, entry.params, others), folder, vectors))


@pytest.mark.parametrize("kept", [0, 30, 2_000])
def test_a_file_that_was_cut_off_is_no_crash(large: Built, tmp_path: Path, kept: int) -> None:
    engine, entry, folder, vectors = large
    for name in engine.files:
        (tmp_path / name).write_bytes((folder / name).read_bytes()[:kept])
    with pytest.raises(DamagedIndex, match=engine.files[0]):
        loaded((engine, entry, tmp_path, vectors))


def test_a_new_mask_is_noticed(large: Built) -> None:
    opened, vectors = loaded(large), large[3]
    query: Vector = unit(vectors[7:8])[0]
    dead = np.zeros(len(vectors), np.bool_)
    assert 7 in opened.candidates(query, 5, dead).rows
    other = dead.copy()
    other[7] = True
    assert 7 not in opened.candidates(query, 5, other).rows
    assert 7 in opened.candidates(query, 5, dead).rows
