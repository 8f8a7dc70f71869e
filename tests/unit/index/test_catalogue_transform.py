"""The catalogue transform: the recipe, the prior, and catalogues of any size."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from annoy_service import fit as fit_module
from annoy_service.fit import Statistics, channel_of, fit, offset_of, prior_of
from earshot import networks
from earshot.errors import DamagedIndex
from earshot.index.transform import CatalogueTransform, unit
from earshot.recipes import RECIPES, Recipe, default_recipe, first_recipe
from tests.golden.features import golden as features

MUSICNN, CHOI = first_recipe(networks.MUSICNN), first_recipe(networks.CHOI)
CHANNEL = RECIPES["musicnn-msd@1-128d-channel"]
Array = npt.NDArray[Any]


@pytest.fixture(scope="module")
def golden() -> Array:
    """Embeddings and drifts (33, 2, 624) of real clips."""
    return np.stack([features().embedding, features().drift], axis=1)[:-1]  # the last piece is invented


@pytest.fixture(scope="module")
def clip_ids() -> list[str]:
    return list(features().clip_ids[:-1])


def fitted(raw: Array, by: Recipe = MUSICNN) -> CatalogueTransform:
    statistics = Statistics(offset_of(by))
    statistics.add(raw)
    return fit(by, statistics)


def recipe(x: Array, d: Array) -> Array:
    """The recipe as written down, in double precision and without any streaming."""
    prior, n, n0 = prior_of(MUSICNN), len(x), 100
    scale = []
    for block, expected in zip((slice(0, 200), slice(200, 412), slice(412, 624)), prior.block_variance, strict=True):
        v = x[:, block].var(axis=0).mean()
        scale += [1 / np.sqrt((n * v + n0 * expected) / (n + n0))] * (block.stop - block.start)
    s = np.diag(scale)
    m = (n * x.mean(axis=0) + 20 * prior.mean) / (n + 20)
    within = s @ (n * (d.T @ d / n) + n0 * prior.drift) / (n + n0) @ s
    within = 0.95 * within + 0.05 * np.trace(within) / 624 * np.eye(624)
    values, vectors = np.linalg.eigh(within)
    t = vectors @ np.diag(values**-0.5) @ vectors.T
    centred = x - x.mean(axis=0)
    total = s @ (centred.T @ centred + n0 * prior.total) / (n + n0) @ s
    _, directions = np.linalg.eigh(t @ total @ t)
    projected = (x - m) @ s @ t @ directions[:, -128:]
    result: Array = projected / np.linalg.norm(projected, axis=1, keepdims=True)
    return result


def test_data_are_those_that_their_page_names() -> None:
    data = Path(fit_module.__file__).with_name("data")
    page = (data / "README.md").read_text()
    for file in data.glob("*.npz"):
        assert f"`{file.name}`" in page
        assert hashlib.sha256(file.read_bytes()).hexdigest() in page


def test_the_transform_follows_the_recipe(golden: Array) -> None:
    x, d = golden[:, 0].astype(np.float64), golden[:, 1].astype(np.float64)
    vectors = fitted(golden)(golden[:, 0])
    expected = recipe(x, d)
    assert vectors.shape == (33, 128)
    assert np.abs(vectors @ vectors.T - expected @ expected.T).max() < 1e-3


@pytest.mark.parametrize(
    ("recipe", "kept"),
    [(CHANNEL, "musicnn_channel"), (default_recipe(networks.MUSICNN_MN04), "musicnn_mn04")],
    ids=["musicnn", "musicnn-mn04"],
)
def test_recipes_give_the_golden_similarities(recipe: Recipe, kept: str) -> None:
    """Of forty real tracks, by an implementation of the recipes that is not this one, in double precision."""
    with np.load(Path(__file__).parents[2] / "golden" / "recipes.npz") as stored:
        raw = np.stack([stored["embedding"], stored["drift"]], axis=1)[:, :, : recipe.network.dimensions]
        expected = stored[kept]
    vectors = fitted(raw, recipe)(raw[:, 0])
    assert np.abs(vectors @ vectors.T - expected).max() < 2e-3


def test_encodings_move_a_track_less_where_the_recipe_knows_them(golden: Array) -> None:
    """A clip is moved as encodings move clips: by the covariance that was measured of them."""
    values, directions = np.linalg.eigh(channel_of(CHANNEL))
    moves = np.random.default_rng(1).normal(size=(len(golden), len(values))) * np.sqrt(np.maximum(values, 0))
    moved = golden[:, 0].astype(np.float64) + moves @ directions.T

    def similarity_with_itself(recipe: Recipe) -> float:
        transform = fitted(golden, recipe)
        return float((transform(moved) * transform(golden[:, 0])).sum(axis=1).mean())

    assert similarity_with_itself(CHANNEL) > similarity_with_itself(MUSICNN)


def test_a_recipe_with_fewer_dimensions_keeps_the_first_of_the_same_directions(golden: Array) -> None:
    many, few = fitted(golden), fitted(golden, RECIPES["musicnn-msd@1-64d"])
    assert few.projection.shape == (624, 64)
    assert np.array_equal(few.projection, many.projection[:, :64])


def test_rows_may_come_in_chunks_of_any_size(golden: Array) -> None:
    statistics = Statistics(offset_of(MUSICNN))
    for chunk in np.split(golden, [1, 7, 20]):
        statistics.add(chunk)
    at_once, in_parts = fitted(golden)(golden[:, 0]), fit(MUSICNN, statistics)(golden[:, 0])
    assert np.abs(at_once @ at_once.T - in_parts @ in_parts.T).max() < 1e-3


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_the_smallest_catalogues_get_finite_unit_vectors(golden: Array, n: int) -> None:
    vectors = fitted(golden[:n])(golden[: n + 1, 0])
    assert np.isfinite(vectors).all()
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_two_clips_of_one_track_find_each_other(golden: Array, clip_ids: list[str]) -> None:
    vectors = fitted(golden)(golden[:, 0])
    similarities = vectors @ vectors.T
    np.fill_diagonal(similarities, -1)
    tracks = [clip.rpartition("_")[0] for clip in clip_ids]
    pairs = [i for i, track in enumerate(tracks) if tracks.count(track) == 2]
    hits = sum(tracks[similarities[i].argmax()] == tracks[i] for i in pairs)
    assert len(pairs) >= 20
    assert hits / len(pairs) >= 0.75


def test_a_model_without_prior_is_centred_and_keeps_its_dimensions() -> None:
    raw = np.random.default_rng(0).normal(3, 1, size=(500, 2, 160)).astype(np.float16)
    statistics = Statistics(offset_of(CHOI))
    statistics.add(raw)
    transform = fit(CHOI, statistics)
    assert (transform.raw_dim, transform.dim) == (160, 160)
    assert abs(transform(raw[:, 0]).mean()) < 0.02


def test_a_track_exactly_at_the_mean_gets_a_direction() -> None:
    vectors = unit(np.zeros((2, 4), np.float32))
    assert vectors.tolist() == [[1, 0, 0, 0], [1, 0, 0, 0]]


def test_a_transform_survives_storage(golden: Array) -> None:
    transform = fitted(golden)
    again = CatalogueTransform.from_bytes(transform.to_bytes())
    assert np.array_equal(again(golden[:, 0]), transform(golden[:, 0]))
    assert again.fitted_at == transform.fitted_at


@pytest.mark.parametrize("damage", [lambda body: body[:1000], lambda _: b"", lambda body: b"PK" + body[2:5000]])
def test_what_is_no_transform_is_refused(golden: Array, damage: Any) -> None:
    with pytest.raises(DamagedIndex):
        CatalogueTransform.from_bytes(damage(fitted(golden[:2]).to_bytes()))
