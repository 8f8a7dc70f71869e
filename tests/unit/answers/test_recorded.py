from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.answers.recorded import CLEARLY, SAME, asked, noise_directions
from earshot.embedding import Vector
from earshot.index.transform import CatalogueTransform, unit

Vectors = npt.NDArray[np.float32]
_DIM = 16


def _random(seed: int, n: int, dim: int = _DIM) -> Vectors:
    return np.asarray(np.random.default_rng(seed).normal(size=(n, dim)), np.float32)


def _transform() -> CatalogueTransform:
    return CatalogueTransform(np.zeros(624, np.float32), np.ones(624, np.float32), _random(7, 624, 128))


def test_noise_is_measured_for_the_network_in_use_and_its_directions_are_orthonormal() -> None:
    noise = noise_directions("musicnn-msd@1", _transform())
    assert noise.shape == (12, 128)
    np.testing.assert_allclose(noise @ noise.T, np.eye(12), atol=1e-5)


def test_of_a_network_that_was_not_measured_no_noise_is_known() -> None:
    assert noise_directions("other@1", _transform()).shape == (0, 128)


@given(seed=st.integers(0, 1000), hearings=st.integers(1, 2))
def test_a_question_keeps_nothing_of_the_noise(seed: int, hearings: int) -> None:
    tracks, heard = unit(_random(seed, 20)), unit(_random(seed + 1, hearings))
    noise = np.linalg.qr(_random(seed + 2, 3).T)[0].T
    found = asked(list(heard), noise, _nearest_of(tracks))
    assert abs(np.linalg.norm(found.vector) - 1) < 1e-5
    assert _nearest_of(tracks)(heard[0]) >= SAME or np.abs(noise @ found.vector).max() < 1e-5


def _nearest_of(tracks: Vectors) -> Callable[[Vector], float]:
    return lambda vector: float((tracks @ vector).max())


def test_the_very_file_of_a_track_is_asked_for_as_it_is_however_quiet() -> None:
    tracks = unit(_random(1, 5))
    found = asked([tracks[2], tracks[3]], np.eye(_DIM, dtype=np.float32)[:2], _nearest_of(tracks))
    assert found.hearing == 0
    np.testing.assert_array_equal(found.vector, tracks[2])


def test_what_is_quiet_and_no_track_as_it_came_is_asked_for_as_loud_as_records_are() -> None:
    tracks, quiet = unit(_random(1, 5)), unit(_random(9, 1))[0]
    found = asked([quiet, tracks[3]], np.zeros((0, _DIM), np.float32), _nearest_of(tracks))
    assert found.hearing == 1
    np.testing.assert_array_equal(found.vector, tracks[3])


@pytest.mark.parametrize(("quieter_is_nearer_by", "hearing"), [(CLEARLY / 2, 1), (2 * CLEARLY, 0)])
def test_a_quiet_record_is_asked_for_as_it_came_where_that_is_clearly_nearer(
    quieter_is_nearer_by: float, hearing: int
) -> None:
    track, other = np.linalg.qr(_random(3, 2).T)[0].T.astype(np.float32)

    def similar(cosine: float) -> Vector:
        return np.asarray(cosine * track + np.sqrt(1 - cosine**2) * other, np.float32)

    hearings = [similar(0.4 + quieter_is_nearer_by), similar(0.4)]
    found = asked(hearings, np.zeros((0, _DIM), np.float32), lambda vector: float(vector @ track))
    assert found.hearing == hearing
