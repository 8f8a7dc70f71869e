"""The 2-D map: neighbours by sound are neighbours on the map, and versions look alike."""

import numpy as np
import numpy.typing as npt
import pytest

from earshot.index.layout import lay_out, place

Matrix = npt.NDArray[np.float32]


def _styles(n: int, seed: int = 0) -> tuple[Matrix, npt.NDArray[np.intp]]:
    """`n` unit vectors in six well-separated styles, and the style of each."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(6, 128))
    style = random.integers(0, 6, n)
    vectors = centres[style] + 0.7 * random.normal(size=(n, 128))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), style


def _ids(n: int) -> npt.NDArray[np.bytes_]:
    return np.array([f"deezer:{number + 10_000}".encode() for number in range(n)] or np.zeros(0, "S1"))


@pytest.mark.parametrize("n", [300, 1200])
def test_tracks_of_one_style_lie_together(n: int) -> None:
    vectors, style = _styles(n)
    places = lay_out(vectors, _ids(n))
    distances = ((places[:, None] - places[None]) ** 2).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (style[distances.argmin(axis=1)] == style).mean() > 0.97
    assert np.quantile(np.linalg.norm(places, axis=1), 0.9) <= 1


def test_a_new_version_looks_like_the_one_before() -> None:
    vectors, _ = _styles(400)
    before = lay_out(vectors, _ids(400))
    more = np.concatenate([vectors, _styles(20, seed=1)[0]])
    after = lay_out(more, _ids(420), [(_ids(400), before)])
    assert np.median(np.linalg.norm(after[:400] - before, axis=1)) < 0.05


def test_the_same_tracks_give_the_same_map() -> None:
    vectors, _ = _styles(50)
    np.testing.assert_array_equal(lay_out(vectors, _ids(50)), lay_out(vectors, _ids(50)))


def test_tracks_placed_later_lie_among_their_style() -> None:
    vectors, style = _styles(300)
    places = lay_out(vectors, _ids(300))
    new, new_style = _styles(30, seed=5)
    for position, kind in zip(place(new, np.arange(30), vectors, places), new_style, strict=True):
        assert style[np.linalg.norm(places - position, axis=1).argmin()] == kind


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 9])
def test_tiny_catalogues_have_a_map_too(n: int) -> None:
    vectors, _ = _styles(max(n, 1))
    places = lay_out(vectors[:n], _ids(n))
    assert places.shape == (n, 2)
    assert np.isfinite(places).all()


def test_equal_tracks_do_not_break_the_map() -> None:
    vectors = np.repeat(_styles(1)[0], 40, axis=0)
    assert np.isfinite(lay_out(vectors, _ids(40))).all()
