"""`musicnn-msd@1` as published: its checkpoint in Keras, its spectrogram by librosa. The measure of all else.

Imported where it is used: TensorFlow takes seconds, which collecting the tests should not cost every worker.
"""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

from dataclasses import dataclass
from functools import cache

import keras
import librosa
import numpy as np
import numpy.typing as npt

from extractor.model.checkpoint import Weights, read_weights, wheel_path
from extractor.model.pruning import Pruned, prune
from extractor.model.reference import keras_model, layer_weights
from extractor.networks.musicnn import patches

RATE = 16_000
Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Heard:
    """Embedding and drift (624,), and the probabilities of the tags (50,) in the network's order."""

    embedding: Array
    drift: Array
    tags: Array


@dataclass(frozen=True, slots=True)
class Published:
    """The Keras model, its weights, and what remains of them."""

    model: keras.Model
    weights: Weights
    pruned: Pruned

    def __call__(self, batch: Array) -> tuple[Array, Array]:
        """Patches (n, 187, 96) -> features (n, 624) and tags (n, 50)."""
        penultimate, mean, maximum, tags = (np.asarray(output) for output in self.model(batch))
        live = self.pruned.channels
        return np.concatenate([penultimate, mean[:, live], maximum[:, live]], axis=1), tags

    @staticmethod
    def patches(samples: Array) -> Array:
        """Log-mel patches (n, 187, 96), by librosa alone."""
        mels = librosa.feature.melspectrogram(
            y=samples, sr=RATE, n_fft=512, hop_length=256, n_mels=96, pad_mode="constant"
        )
        return patches(np.log10(1 + 10_000 * mels.T).astype(np.float32))

    def hear(self, samples: Array) -> Heard:
        """Mono samples at `RATE`."""
        features, tags = self(self.patches(samples))
        half = len(features) // 2
        return Heard(
            features.mean(axis=0), features[:half].mean(axis=0) - features[half:].mean(axis=0), tags.mean(axis=0)
        )


@cache
def published() -> Published:
    """The network, loaded once a process."""
    weights = read_weights(wheel_path())
    model = keras_model(weights)
    return Published(model, weights, prune(layer_weights(model)))
