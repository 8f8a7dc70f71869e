"""What words alone find."""

import numpy as np
import pytest

from lab.corpus import of_clips
from lab.metadata import described, judge_metadata
from tests.unit.lab.music import clip


def test_what_is_called_alike_is_near() -> None:
    vectors = described([
        clip(0, "a", "Ann", genre="folk", year=1990),
        clip(1, "b", "Ann", genre="folk", year=1991),
        clip(2, "c", "Bob", genre="folk", year=1990),
        clip(3, "d", "Eve", genre="rock", year=2020),
    ])  # fmt: skip
    near = vectors @ vectors.T
    assert np.allclose(np.diag(near), 1)
    assert near[0, 1] > near[0, 2] > near[0, 3]


def test_years_far_apart_have_nothing_in_common() -> None:
    vectors = described([clip(0, "a", "Ann", year=1960), clip(1, "b", "Bob", year=2020), clip(2, "c", "Eve")])
    assert vectors @ vectors.T == pytest.approx(np.eye(3), abs=1e-6)


def test_of_what_nobody_knows_nothing_is_asked() -> None:
    found = judge_metadata(of_clips([clip(number, str(number), "ABC"[number % 3]) for number in range(12)]))
    assert found.mean("clean/artist@10") == pytest.approx(3 / 10)
    assert not [name for name in found.scores if "genre" in name or "query" in name]
