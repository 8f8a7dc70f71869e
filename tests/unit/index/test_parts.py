"""What is worked on in parts adds up to what it would be as a whole."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annoy_service import gate
from annoy_service.attempts import RECALL_AT
from annoy_service.fit import Statistics, offset_of
from annoy_service.parts import Common, Summary, write_part
from annoy_service.recall import Survey, admitted, efforts, recall_across
from earshot.errors import RecallTooLow
from earshot.ids import TrackId
from earshot.index import layout
from earshot.index.row_sources import FreshRow, FreshRows, MergedRows
from earshot.index.segment import MAP, VECTORS
from earshot.networks import MUSICNN
from earshot.recipes import default_recipe

RECIPE = default_recipe(MUSICNN)
N = 300


@pytest.fixture(autouse=True)
def quick_map(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "_STEPS_FRESH", 2)


def rows(n: int = N) -> MergedRows:
    rng = np.random.default_rng(0)
    means = rng.normal(size=(20, 624)) * np.repeat([0.45, 0.65, 5.0], [200, 212, 212])
    embedding = means[np.arange(n) % 20] + 0.2 * rng.normal(size=(n, 624))
    raw = np.stack([embedding, 0.1 * rng.normal(size=(n, 624))], axis=1).astype("<f2")
    made = [FreshRow(TrackId(f"file:{i * 0x9E3779B97F4A7C15 % 2**64:016x}"), b'{"source":"file","track_id":"t"}',
                     each.tobytes()) for i, each in enumerate(raw)]  # fmt: skip
    return MergedRows([FreshRows(made, 624)], 624)


def summed(whole: MergedRows, *ends: int) -> Summary:
    parts = [
        Summary.of(whole.part(a, b), RECIPE, total=len(whole)) for a, b in zip((0, *ends), (*ends, N), strict=True)
    ]
    total = parts[0]
    for part in parts[1:]:
        total = total + Summary.from_bytes(part.to_bytes())
    return total


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, N), max_size=3).map(sorted))
def test_statistics_of_parts_add_up(ends: list[int]) -> None:
    whole, parts = Statistics(offset_of(RECIPE)), Statistics(offset_of(RECIPE))
    raw = np.concatenate([*rows().raw_chunks()])
    whole.add(raw)
    for start, stop in zip((0, *ends), (*ends, N), strict=True):
        part = Statistics(offset_of(RECIPE))
        part.add(raw[start:stop])
        parts += Statistics.from_arrays(part.to_arrays())
    assert parts.n == N
    for name in ("mean", "scatter", "drift_scatter"):
        added, expected = getattr(parts, name), getattr(whole, name)
        np.testing.assert_allclose(added, expected, atol=1e-4 * np.abs(expected).max())


def test_parts_agree_on_what_the_whole_would_have() -> None:
    whole = rows()
    common = Common.of(summed(whole, 40, 200), RECIPE)
    alone = Common.of(Summary.of(whole, RECIPE, total=N), RECIPE)
    raw = next(iter(whole.raw_chunks()))[:, 0]
    np.testing.assert_allclose(common.transform(raw), alone.transform(raw), atol=2e-3)
    assert common.ids.tolist() == alone.ids.tolist() == whole.ids.tolist()
    again = Common.from_bytes(common.to_bytes())
    np.testing.assert_array_equal(again.frame.places, common.frame.places)
    np.testing.assert_array_equal(again.transform(raw), common.transform(raw))


def test_landmarks_of_parts_are_those_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annoy_service.parts.LANDMARKS_OF_MANY", 25)
    whole = rows()
    assert summed(whole, 100, 220).ids.tolist() == whole.ids[layout.landmarks(whole.ids, 25)].tolist()


def test_parts_lie_on_one_map_and_are_surveyed_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "EXACT_UP_TO", 120)
    whole = rows()
    common = Common.of(summed(whole), RECIPE)
    built = []
    for number, (start, stop) in enumerate([(0, 100), (100, 300)]):
        (tmp_path / str(number)).mkdir()
        built.append(write_part(tmp_path / str(number), whole.part(start, stop), common))
    bases, surveys = zip(*built, strict=True)
    assert [base.engine.name for base in bases] == ["exact", "annoy"]
    places = np.concatenate([np.load(tmp_path / str(number) / MAP) for number in range(2)])
    np.testing.assert_allclose(places, common.frame.places, err_msg="every track is a landmark here")
    vectors = np.concatenate([np.load(tmp_path / str(number) / VECTORS) for number in range(2)]).astype(np.float32)
    similarities = common.queries.vectors @ vectors.T
    np.fill_diagonal(similarities, -np.inf)
    true = -np.sort(-np.concatenate([survey.true for survey in surveys], axis=1), axis=1)[:, :RECALL_AT]
    np.testing.assert_allclose(true, -np.sort(-similarities, axis=1)[:, :RECALL_AT], atol=1e-3)
    searched, recall = admitted(bases, surveys)
    assert recall > 0.99
    assert [base.engine for base in searched] == [base.engine for base in bases]


def survey(true: npt.ArrayLike, *found: npt.ArrayLike) -> Survey:
    return Survey(np.asarray(true, np.float32), np.asarray(found, np.float32))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 4), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_recall_across_is_that_of_the_whole(parts: int, lost: float, seed: int) -> None:
    """Each part reports its ten best; which ten are best of all, and how many of them were found, is the same."""
    rng = np.random.default_rng(seed)
    similarities = rng.normal(size=(5, parts, 30)).astype(np.float32)
    kept = np.where(rng.random(similarities.shape) < lost, -np.inf, similarities)
    ten = [-np.sort(-each, axis=2)[:, :, :RECALL_AT] for each in (similarities, kept)]
    surveys = [survey(ten[0][:, part], ten[1][:, part]) for part in range(parts)]
    whole = similarities.reshape(5, -1)
    best = np.argsort(-whole, axis=1)[:, :RECALL_AT]
    found = np.isfinite(np.take_along_axis(kept.reshape(5, -1), best, axis=1)).mean()
    assert recall_across(surveys) == pytest.approx(found)


def test_effort_is_raised_where_all_bases_together_find_too_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "EXACT_UP_TO", 120)
    base, _ = write_part(tmp_path, rows(), Common.of(summed(rows()), RECIPE))
    true = np.linspace(1, 0.1, RECALL_AT)[None]
    poor = np.concatenate([true[:, :9], [[-np.inf]]], axis=1)
    cheap, dear = efforts(base)
    assert dear.params["search_k"] == 2 * cheap.params["search_k"]
    ((searched,), recall) = admitted([base], [survey(true, poor, true)])
    assert (searched.engine, recall) == (dear, 1.0)
    with pytest.raises(RecallTooLow, match=r"across 1 bases is 0\.900"):
        admitted([base], [survey(true, poor, poor)])


def test_a_track_is_not_its_own_neighbour(tmp_path: Path) -> None:
    whole: Any = rows()
    _, found = write_part(tmp_path, whole, Common.of(summed(whole), RECIPE))
    assert found.true.max() < 0.999
