"""search_k by catalogue size, and the promotion gate."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from annoy_service.build import EXACT_UP_TO, MIN_RECALL, search_k_for, write_base
from annoy_service.rows import FreshRow, FreshRows, Merged
from earshot.errors import DamagedIndex, RecallTooLow
from earshot.index import layout
from earshot.index.transform import CatalogueTransform


@pytest.fixture(autouse=True)
def quick_map(monkeypatch: pytest.MonkeyPatch) -> None:
    """The map of a large base takes many seconds, and has tests of its own."""
    monkeypatch.setattr(layout, "_STEPS_FRESH", 2)
    monkeypatch.setattr(layout, "_LANDMARKS_OF_MANY", 50)


def rows(vectors: npt.NDArray[Any]) -> Merged:
    raw = np.stack([vectors, np.zeros_like(vectors)], axis=1).astype("<f2")
    made = [FreshRow(f"{i:06d}", b"{}", row.tobytes()) for i, row in enumerate(raw)]
    return Merged([FreshRows(made, vectors.shape[1])], vectors.shape[1])


def identity(dim: int) -> CatalogueTransform:
    return CatalogueTransform(np.zeros(dim, np.float32), np.ones(dim, np.float32), np.eye(dim, dtype=np.float32))


def music(n: int) -> npt.NDArray[Any]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, 12)) @ rng.normal(size=(12, 32)) + 0.05 * rng.normal(size=(n, 32))


def test_search_k_follows_the_measured_table() -> None:
    assert [search_k_for(n) for n in (1, 10_000, 100_000, 1_000_000)] == [2_000, 2_000, 5_000, 20_000]
    between = [search_k_for(n) for n in range(10_000, 1_000_000, 50_000)]
    assert between == sorted(between)


def test_a_small_base_is_searched_exactly_and_still_has_its_annoy_file(tmp_path: Path) -> None:
    entry, annoy = write_base(tmp_path, rows(music(300)), identity(32))
    assert (annoy.search_k, annoy.recall) == (None, 1.0)
    assert entry.objects["annoy.ann"].size > 0


def test_a_large_base_passes_the_gate_and_says_how_well(tmp_path: Path) -> None:
    entry, annoy = write_base(tmp_path, rows(music(EXACT_UP_TO + 1)), identity(32))
    assert annoy.search_k is not None
    assert MIN_RECALL <= annoy.recall <= 1
    assert len(entry.canaries) == 8


def test_search_k_is_raised_before_trees_are_added(tmp_path: Path) -> None:
    """Even in the smallest catalogue that Annoy searches."""
    hard = np.random.default_rng(0).normal(size=(EXACT_UP_TO + 1, 28))
    _, annoy = write_base(tmp_path, rows(hard), identity(28))
    assert annoy.n_trees == 10
    assert annoy.search_k == 2 * search_k_for(EXACT_UP_TO + 1)


def test_a_version_that_misses_too_many_neighbours_is_not_published(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(0).normal(size=(EXACT_UP_TO + 1, 160))  # no structure: nothing can index it
    with pytest.raises(RecallTooLow, match=r"0\.95 is needed"):
        write_base(tmp_path, rows(noise), identity(160))
    assert '"IndexNotPublished":[1.0]' in capsys.readouterr().out


def test_the_same_rows_give_the_same_annoy_file(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, _ = write_base(tmp_path / "a", rows(music(500)), identity(32))
    second, _ = write_base(tmp_path / "b", rows(music(500)), identity(32))
    assert first.objects == second.objects
    assert first.id != second.id, "a key is never used twice"


def test_a_track_in_two_sources_is_refused() -> None:
    one = FreshRows([FreshRow("a", b"{}", bytes(8))], 2)
    with pytest.raises(DamagedIndex, match="two segments"):
        Merged([one, one], 2)
