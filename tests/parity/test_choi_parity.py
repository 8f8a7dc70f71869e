"""`choi-2017@1` against Keras, on invented weights, with the front end of their file (DFT kernels and mel matrix)."""

import os
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from extractor.audio.decode import decode
from extractor.model.checkpoint import Weights
from extractor.networks.choi import Choi2017, decibels, normalised, same_padded
from tests.corpus import clips
from tests.invented_choi import invented_weights
from tests.model import choi_weights

CLIPS = range(0, 33, 10)


@dataclass
class Reference:
    """A weight file as the authors' code runs it, in TensorFlow."""

    cosine_kernels: np.ndarray
    sine_kernels: np.ndarray
    mels: np.ndarray
    network: Any
    weights: Weights

    def spectrogram(self, samples: np.ndarray) -> np.ndarray:
        """(96, frames) mel power: a strided convolution with TensorFlow's own 'same' padding."""
        import tensorflow as tf  # seconds, which collecting the tests should not cost every worker

        signal = samples[None, :, None, None]
        real, imaginary = (
            tf.nn.conv2d(signal, kernels, strides=(1, 256, 1, 1), padding="SAME").numpy()[0, :, 0]
            for kernels in (self.cosine_kernels, self.sine_kernels)
        )
        mels: np.ndarray = (real**2 + imaginary**2) @ self.mels
        return mels

    def features(self, samples: np.ndarray) -> np.ndarray:
        level = 10 * np.log10(np.maximum(self.spectrogram(samples), 1e-10))
        level = np.maximum(level - level.max(), -80)
        level = (level - level.mean()) / (level.std() + 1e-10)
        features: np.ndarray = np.asarray(self.network(level.T[None, :, :, None]))[0]
        return features


@pytest.fixture(scope="module")
def reference() -> Reference:
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}
    import h5py

    from extractor.model.choi import keras_choi  # TensorFlow

    with h5py.File(choi_weights()) as stored:
        front = stored["model_weights/melgram/melgram"]
        real, imaginary, mels = (
            np.asarray(front[f"{name}:0"]) for name in ("real_kernels", "imag_kernels", "Variable")
        )
    weights = invented_weights(choi_weights())
    return Reference(real, imaginary, mels, keras_choi(weights), weights)


def samples_of(index: int, seconds: float = 29) -> np.ndarray:
    return decode(clips()[index].path.read_bytes(), 12_000, 1).samples[: int(seconds * 12_000)]


@pytest.mark.parametrize("index", CLIPS)
def test_the_features_are_those_of_the_weight_file_in_keras(reference: Reference, choi: Choi2017, index: int) -> None:
    got = choi.features(samples_of(index)).embedding.embedding
    np.testing.assert_allclose(got, reference.features(samples_of(index)), atol=1e-4)


@pytest.mark.parametrize("seconds", [6.84, 10.003, 20.7])
def test_a_shorter_clip_is_padded_as_tensorflow_pads(reference: Reference, choi: Choi2017, seconds: float) -> None:
    got = choi.features(samples_of(0, seconds)).embedding.embedding
    np.testing.assert_allclose(got, reference.features(samples_of(0, seconds)), atol=1e-4)


def test_of_twenty_nine_seconds_both_ends_get_208_zeros() -> None:
    assert same_padded(np.zeros(29 * 12_000, np.float32))[1] == (208, 208)


@pytest.mark.parametrize("padding", [(256, 256), (0, 416), (416, 0)])
def test_padding_on_the_wrong_side_gives_other_features(
    reference: Reference, choi: Choi2017, padding: tuple[int, int]
) -> None:
    power = choi._mels.power(samples_of(0), padding)
    wrong = choi._session.run(None, {"patches": normalised(decibels(power))[None]})[0][0]
    assert np.abs(wrong - reference.features(samples_of(0))).max() > 1e-3


def test_batch_statistics_instead_of_the_stored_ones_give_other_features(reference: Reference) -> None:
    from extractor.model.choi import keras_choi

    samples = samples_of(0)
    trained = keras_choi(reference.weights)  # a model of its own: a call in training mode moves its statistics
    batch = replace(reference, network=lambda x: trained(x, training=True))
    assert np.abs(batch.features(samples) - reference.features(samples)).max() > 1e-2


def test_the_features_of_a_clip_do_not_depend_on_its_neighbours(reference: Reference) -> None:
    a, b = (np.random.default_rng(seed).standard_normal((1, 96, 400, 1)).astype(np.float32) for seed in (1, 2))
    together = np.asarray(reference.network(np.concatenate([a, b])))[0]
    np.testing.assert_allclose(together, np.asarray(reference.network(a))[0], atol=1e-5)


def test_kernels_are_neither_flipped_nor_transposed(reference: Reference) -> None:
    """The folded kernel against a convolution by hand; flipped (as Theano's file needs) or transposed, it fails."""
    from extractor.model.choi import folded

    image = np.random.default_rng(0).standard_normal((5, 7)).astype(np.float32)
    kernel, bias = folded(reference.weights, 1)
    want = reference.network.get_layer("batch_normalization_1")(
        reference.network.get_layer("conv2d_1")(image[None, :, :, None])
    )
    padded = np.pad(image, 1)

    def at(taps: np.ndarray) -> np.ndarray:
        outputs: np.ndarray = np.einsum("ij,oij->o", padded[1:4, 2:5], taps[:, 0]) + bias
        return outputs

    right = np.asarray(want)[0, 1, 2]
    np.testing.assert_allclose(at(kernel), right, atol=1e-4)
    assert np.abs(at(kernel[:, :, ::-1, ::-1]) - right).max() > 1e-2
    assert np.abs(at(kernel.transpose(0, 1, 3, 2)) - right).max() > 1e-2


def test_it_has_no_drift_and_no_tags(choi: Choi2017) -> None:
    features = choi.features(samples_of(0))
    assert (features.embedding.drift == 0).all()
    assert features.tags == ()
