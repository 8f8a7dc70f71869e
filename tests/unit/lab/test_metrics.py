"""Scores by catalogues that are small enough to count by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.index.transform import unit
from lab.corpus import Clip
from lab.metrics import Labels, hubs, scores
from tests.unit.lab.music import clip

CLIPS = [
    clip(0, "a", "Ann", genre="folk", album="One", tags=("calm", "slow")),
    clip(1, "a", "Ann", genre="folk", album="One", tags=("calm", "slow")),
    clip(2, "b", "Ann", genre="folk", album="One"),
    clip(3, "c", "Bob", genre="folk", tags=("slow",)),
    clip(4, "d", "Bob", genre="rock"),
]
DEGREES = (0, 30, 10, 40, 90)


def on_a_circle(*degrees: float) -> np.ndarray:
    angles = np.radians(degrees)
    return unit(np.stack([np.cos(angles), np.sin(angles)], axis=1))


def judged(
    clips: list[Clip], degrees: tuple[float, ...], encodings: list[str] | None = None
) -> dict[str, dict[str, float]]:
    vectors = on_a_circle(*degrees)
    return scores(vectors, vectors, Labels.of(clips, encodings), np.arange(len(clips)))


def test_the_nearest_is_of_the_same_track_or_not() -> None:
    found = judged(CLIPS, DEGREES)
    assert found["recall@1"] == {"clip 0": 0.0, "clip 1": 0.0}, "between them lies another; only their track has two"
    assert found["recall@10"] == {"clip 0": 1.0, "clip 1": 1.0}


def test_of_artist_and_album_the_own_track_does_not_count() -> None:
    found = judged(CLIPS, DEGREES)
    assert found["artist@10"] == pytest.approx(
        {"clip 0": 1 / 3, "clip 1": 1 / 3, "clip 2": 1 / 2, "clip 3": 1 / 4, "clip 4": 1 / 4}
    )
    assert found["album@10"] == pytest.approx({"clip 0": 1 / 3, "clip 1": 1 / 3, "clip 2": 1 / 2})


def test_of_genre_and_tags_only_other_artists_count() -> None:
    found = judged(CLIPS, DEGREES)
    assert found["genre@10"] == pytest.approx({"clip 0": 1 / 2, "clip 1": 1 / 2, "clip 2": 1 / 2, "clip 3": 1.0})
    assert found["tags@10"] == pytest.approx({"clip 0": 1 / 2, "clip 1": 1 / 2, "clip 3": 2 / 3})


def test_who_hears_the_codec_finds_its_own_encoding() -> None:
    clips = [clip(number, str(number), str(number)) for number in range(24)]
    kinds = ["flac", "mp3 64"] * 12
    deaf = judged(clips, tuple(15 * number for number in range(24)), kinds)["other_encoding@10"]
    hears = judged(clips, tuple(number + 90 * (number % 2) for number in range(24)), kinds)["other_encoding@10"]
    assert np.mean([*deaf.values()]) == pytest.approx(0.5, abs=0.11)
    assert np.mean([*hears.values()]) == 0


def test_what_everybody_gets_is_a_hub_and_what_nobody_gets_is_told() -> None:
    around = unit(np.random.default_rng(1).standard_normal((40, 3)) * [1, 1, 0] + [0, 0, 1])
    assert hubs(around)["largest_hub"] < 1
    spokes = np.eye(60, 61)
    spokes[:, 60] = 0.5  # all like the middle more than each other; of each other, the first ones
    middle = np.eye(61)[60:]
    found = hubs(unit(np.vstack([spokes, middle])))
    assert found["largest_hub"] == 1
    assert found["hub_skewness"] > 1
    assert found["never_recommended"] == pytest.approx(50 / 61)


@given(st.permutations(range(len(CLIPS))), st.lists(st.integers(0, 359), min_size=5, max_size=5, unique=True))
def test_the_order_of_rows_changes_nothing(order: list[int], degrees: list[int]) -> None:
    before = judged(CLIPS, tuple(degrees))
    after = judged([CLIPS[row] for row in order], tuple(degrees[row] for row in order))
    similarities = np.round(np.cos(np.radians(np.subtract.outer(degrees, degrees))), 6)
    if all(len(set(row)) == len(row) for row in similarities):  # equal ones are told apart by the order alone
        assert before == after


@given(st.integers(2, 5))
def test_equal_vectors_give_equal_scores(scale: int) -> None:
    vectors = on_a_circle(*DEGREES)
    labels, rows = Labels.of(CLIPS), np.arange(len(CLIPS))
    turned = unit(np.hstack([vectors * scale, np.zeros((len(CLIPS), 2), np.float32)]))
    assert scores(turned, turned, labels, rows) == scores(vectors, vectors, labels, rows)
