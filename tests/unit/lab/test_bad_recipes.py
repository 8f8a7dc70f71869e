"""The gate, on what the default network hears in real music, keeps out what a defect makes of it."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from annoy_service.fit import Statistics, fit, offset_of
from earshot.index.transform import CatalogueTransform, unit
from earshot.networks import DEFAULT_NETWORK, network_named
from earshot.recipes import default_recipe
from lab.corpus import Clip
from lab.evaluate import CLEAN, prefixed
from lab.fitting import fitted
from lab.gate import Verdict, verdict
from lab.judgement import Judgement
from lab.metrics import Labels, Matrix, hubs, scores
from tests.golden.features import INVENTED, golden

_RECIPE = default_recipe(network_named(DEFAULT_NETWORK))
Raw = npt.NDArray[np.float16]


@cache
def _heard() -> Raw:
    """(n, 2, 624) of the test music."""
    known = golden()
    rows = [row for row, name in enumerate(known.clip_ids) if name != INVENTED]
    return np.stack([known.embedding[rows], known.drift[rows]], axis=1)


@cache
def _labels() -> Labels:
    names = [name for name in golden().clip_ids if name != INVENTED]
    clips = [Clip(name, name.rpartition("_")[0], name.partition("__")[0], Path(name), name) for name in names]
    return Labels.of(clips)


def _judged(subject: str, vectors: Matrix) -> Judgement:
    found = scores(vectors, vectors, _labels(), np.arange(len(vectors)))
    return Judgement(subject, "c" * 64, prefixed(CLEAN, found), hubs(vectors), {})


def _dice() -> np.random.Generator:
    return np.random.default_rng(5)


@cache
def _right() -> Matrix:
    return fitted(_RECIPE, _heard())(_heard()[:, 0])


def _features_shuffled() -> Matrix:
    """As when a network is exported anew, and its outputs come in another order than the transform's."""
    return fitted(_RECIPE, _heard())(_heard()[:, 0][:, _dice().permutation(_heard().shape[2])])


def _tracks_shuffled() -> Matrix:
    """As when rows and ids part."""
    return _right()[_dice().permutation(len(_heard()))]


def _transform_of_another_corpus() -> Matrix:
    """As when a generation is searched by a transform of something else."""
    dice, numbers = _dice(), _heard().shape[2]
    other = dice.normal(size=(1000, 2, numbers)) * dice.gamma(0.3, size=numbers)
    statistics = Statistics(offset_of(_RECIPE))
    statistics.add(other)
    transform: CatalogueTransform = fit(_RECIPE, statistics)
    return transform(_heard()[:, 0])


def _given(vectors: Matrix) -> Verdict:
    return verdict(_judged("champion", _right()), _judged("candidate", vectors))


@pytest.mark.parametrize("bad", [_features_shuffled, _tracks_shuffled, _transform_of_another_corpus])
def test_a_bad_recipe_is_refused(bad: Callable[[], Matrix]) -> None:
    given = _given(bad())
    assert not given.promoted
    assert any("worse by more than" in reason for reason in given.reasons)


def test_the_recipe_is_let_in_where_what_was_heard_served_as_it_is() -> None:
    assert verdict(_judged("champion", unit(_heard()[:, 0])), _judged("candidate", _right())).promoted
