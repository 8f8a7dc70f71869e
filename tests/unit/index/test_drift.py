"""How far a catalogue has moved is told from what chance makes of samples."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annoy_service.drift import first_tags, halves_found, moved, spread, tags_moved
from earshot.index.transform import CatalogueTransform
from earshot.track import Tag

_AS_IT_IS = CatalogueTransform(np.zeros(8, np.float32), np.ones(8, np.float32), np.eye(8, dtype=np.float32))


def _drawn(seed: int, n: int, *, at: float = 0.0) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.random.default_rng(seed).normal(at, 1, (n, 8)).astype(np.float32)


@given(st.integers(0, 1000), st.integers(100, 500))
def test_two_samples_of_one_catalogue_have_hardly_moved(seed: int, n: int) -> None:
    assert moved(spread(_AS_IT_IS, _drawn(seed, n)), spread(_AS_IT_IS, _drawn(seed + 1, n))) < 0.05


@pytest.mark.parametrize(("other", "expected"), [(0.5, 0.25), (1.0, 1.0)])
def test_a_catalogue_moves_by_the_square_of_what_its_mean_does(other: float, expected: float) -> None:
    before, now = spread(_AS_IT_IS, _drawn(1, 4000)), spread(_AS_IT_IS, _drawn(2, 4000, at=other))
    assert moved(before, now) == pytest.approx(expected, abs=0.05)


def test_a_catalogue_that_grew_wider_has_moved() -> None:
    assert moved(spread(_AS_IT_IS, _drawn(1, 4000)), spread(_AS_IT_IS, 2 * _drawn(2, 4000))) > 0.8


def test_halves_that_are_alike_find_each_other_and_those_that_are_not_do_not() -> None:
    embeddings = _drawn(1, 700)
    steady, restless = 0.1 * _drawn(2, 700), 8 * _drawn(3, 700)
    everyone = np.arange(700)
    assert halves_found(_AS_IT_IS, np.stack([embeddings, steady], axis=1), everyone).mean() > 0.95
    assert halves_found(_AS_IT_IS, np.stack([embeddings, restless], axis=1), everyone).mean() < 0.05
    assert halves_found(_AS_IT_IS, np.stack([embeddings, steady], axis=1), everyone[:0]).size == 0


def test_of_each_track_the_strongest_tag_counts() -> None:
    rock, jazz = Tag("rock", 0.6), Tag("jazz", 0.5)
    assert first_tags([(rock, jazz), (jazz, rock), (jazz,), ()]) == {"jazz": 1 / 3, "rock": 2 / 3}
    assert first_tags([]) == {}


@settings(max_examples=20)
@given(st.lists(st.sampled_from("abcde"), min_size=200, max_size=400), st.integers(0, 100))
def test_tags_of_two_samples_of_one_catalogue_have_hardly_moved(tags: list[str], seed: int) -> None:
    def sample(seed: int) -> dict[str, float]:
        drawn = np.random.default_rng(seed).choice(tags, 300)
        return first_tags([(Tag(name, 1.0),) for name in drawn.tolist()])

    assert tags_moved(sample(seed), sample(seed + 1), (300, 300)) < 0.1


def test_tags_move_by_the_share_of_tracks_that_have_other_ones() -> None:
    assert tags_moved({"rock": 1.0}, {"rock": 0.6, "jazz": 0.4}, (4000, 4000)) == pytest.approx(0.4, abs=0.01)
