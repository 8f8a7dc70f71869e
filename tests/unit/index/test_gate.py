"""How bases are searched: exactly, or by an engine with as much effort as the promotion gate asks for."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from annoy_service import gate
from annoy_service.attempts import MIN_RECALL
from annoy_service.gate import EXACT_UP_TO, write_base
from earshot.errors import DamagedIndex, RecallTooLow
from earshot.ids import TrackId
from earshot.index import layout
from earshot.index.engines.annoy import ANNOY, search_k_for
from earshot.index.engines.exact import EXACTLY
from earshot.index.manifest import SegmentEntry
from earshot.index.row_sources import FINGERPRINTS, RAW, FreshRow, FreshRows, MergedRows
from earshot.index.rows import LINES, OFFSETS, track_to_line
from earshot.index.segment import IDS, MAP, VECTORS
from earshot.index.shelf import SHELF
from earshot.index.transform import CatalogueTransform
from earshot.track import Track, TrackInfo


@pytest.fixture(autouse=True)
def quick_map(monkeypatch: pytest.MonkeyPatch) -> None:
    """The map of a large base takes many seconds, and has tests of its own."""
    monkeypatch.setattr(layout, "_STEPS_FRESH", 2)
    monkeypatch.setattr(layout, "LANDMARKS_OF_MANY", 50)


def rows(vectors: npt.NDArray[Any]) -> MergedRows:
    raw = np.stack([vectors, np.zeros_like(vectors)], axis=1).astype("<f2")
    made = [FreshRow(TrackId(f"{i:06d}"), line(i), row.tobytes()) for i, row in enumerate(raw)]
    return MergedRows([FreshRows(made, vectors.shape[1])], vectors.shape[1])


def line(number: int) -> bytes:
    return track_to_line(Track(TrackInfo(TrackId(f"{number:06d}"), "file")))


def identity(dim: int) -> CatalogueTransform:
    return CatalogueTransform(np.zeros(dim, np.float32), np.ones(dim, np.float32), np.eye(dim, dtype=np.float32))


def music(n: int) -> npt.NDArray[Any]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, 12)) @ rng.normal(size=(12, 32)) + 0.05 * rng.normal(size=(n, 32))


def test_search_k_follows_the_measured_table() -> None:
    assert [search_k_for(n) for n in (1, 10_000, 100_000, 1_000_000)] == [2_000, 2_000, 5_000, 20_000]
    between = [search_k_for(n) for n in range(10_000, 1_000_000, 50_000)]
    assert between == sorted(between)


def test_effort_grows_until_a_sixth_of_the_rows_is_looked_at_and_then_by_trees() -> None:
    efforts = list(ANNOY.efforts(100_000))
    assert [effort.build for effort in efforts] == [{"n_trees": n_trees} for n_trees in (10, 20, 40)]
    assert [list(effort.search) for effort in efforts] == [[{"search_k": 5_000}, {"search_k": 10_000}]] * 3
    assert [len(effort.search) for effort in ANNOY.efforts(1_000_000)] == [4, 4, 4]


def test_a_segment_that_is_searched_exactly_keeps_no_byte_that_nobody_reads(tmp_path: Path) -> None:
    n = 300
    entry = write_base(tmp_path, rows(music(n)), identity(32))
    assert (entry.engine, entry.recall) == (EXACTLY, 1.0)
    assert sorted(entry.objects) == sorted([IDS, FINGERPRINTS, RAW, VECTORS, LINES, OFFSETS, MAP, SHELF])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(entry.objects)
    header, row = 128, 6 + 8 + 2 * 2 * 32 + 2 * 32 + 8 + 2 * 4
    assert (
        sum(entry.objects[name].size for name in entry.objects if name not in (LINES, SHELF))
        == 6 * header + n * row + 8
    )


def test_a_large_base_passes_the_gate_and_says_how_well(tmp_path: Path) -> None:
    entry = write_base(tmp_path, rows(music(EXACT_UP_TO + 1)), identity(32))
    assert entry.engine.name == "annoy"
    assert entry.objects.keys() >= set(ANNOY.files)
    assert MIN_RECALL <= entry.recall <= 1
    assert len(entry.engine.canaries) == 8


def test_search_k_is_raised_before_trees_are_added(tmp_path: Path) -> None:
    """Even in the smallest catalogue that Annoy searches."""
    hard = np.random.default_rng(0).normal(size=(EXACT_UP_TO + 1, 28))
    entry = write_base(tmp_path, rows(hard), identity(28))
    assert entry.engine.params == {"n_trees": 10, "search_k": 2 * search_k_for(EXACT_UP_TO + 1)}


def test_a_version_that_misses_too_many_neighbours_is_not_published(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(0).normal(size=(EXACT_UP_TO + 1, 160))  # no structure: nothing can index it
    with pytest.raises(RecallTooLow, match=r"0\.95 is needed"):
        write_base(tmp_path, rows(noise), identity(160))
    assert '"IndexNotPublished":[1.0]' in capsys.readouterr().out


def test_the_same_rows_give_the_same_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "EXACT_UP_TO", 400)

    def written(name: str) -> SegmentEntry:
        (tmp_path / name).mkdir()
        return write_base(tmp_path / name, rows(music(500)), identity(32))

    first, second = written("a"), written("b")
    assert first.objects == second.objects
    assert set(ANNOY.files) < first.objects.keys()
    assert first.id != second.id, "a key is never used twice"


def test_a_track_in_two_sources_is_refused() -> None:
    one = FreshRows([FreshRow(TrackId("a"), b"{}", bytes(8))], 2)
    with pytest.raises(DamagedIndex, match="two segments"):
        MergedRows([one, one], 2)
