"""The exported graph and the runtime around it, against Keras, the published graph and golden features."""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

from dataclasses import dataclass
from typing import Any

import librosa
import numpy as np
import onnxruntime
import pytest

from extractor.decode import decode
from extractor.mel import MelBank, log_compressed
from extractor.model.checkpoint import Weights, read_weights, wheel_path
from extractor.model.graph import pruned_graph
from extractor.model.plain_graph import plain_graph
from extractor.model.pruning import DEAD_NORM, Pruned, prune
from extractor.model.reference import TEMPORAL, TIMBRAL, keras_model, layer_weights
from extractor.model_files import load_model_files
from extractor.musicnn import MusicnnMsd, patches
from tests.corpus import clips, shared_dir
from tests.model import model_dir

BLOCKS = (slice(0, 200), slice(200, 412), slice(412, 624))
MODELS = shared_dir() / "models"
SOME_CLIPS = clips()[::7]


@dataclass
class Reference:
    """The Keras model, its weights, and what remains of them."""

    model: Any
    weights: Weights
    pruned: Pruned

    def __call__(self, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        penultimate, mean, maximum, tags = (np.asarray(output) for output in self.model(batch))
        channels = self.pruned.channels
        return np.concatenate([penultimate, mean[:, channels], maximum[:, channels]], axis=1), tags


@pytest.fixture(scope="module")
def keras() -> Reference:
    weights = read_weights(wheel_path())
    model = keras_model(weights)
    return Reference(model, weights, prune(layer_weights(model)))


def real_patches(index: int) -> np.ndarray:
    """Log-mel patches of a clip, by librosa alone."""
    audio = decode(SOME_CLIPS[index].path.read_bytes(), 16_000, 1).samples
    mels = librosa.feature.melspectrogram(y=audio, sr=16_000, n_fft=512, hop_length=256, n_mels=96, pad_mode="constant")
    return patches(np.log10(1 + 10_000 * mels.T).astype(np.float32))


def session(graph: Any) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(graph.SerializeToString())


@pytest.mark.parametrize("index", range(len(SOME_CLIPS)))
def test_the_runtime_gives_what_keras_and_librosa_give(keras: Reference, network: MusicnnMsd, index: int) -> None:
    features, tags = keras(real_patches(index))
    got = network.features(decode(SOME_CLIPS[index].path.read_bytes(), 16_000, 1).samples)
    np.testing.assert_allclose(got.embedding.embedding, features.mean(axis=0), atol=1e-4, rtol=1e-6)
    np.testing.assert_allclose(
        got.embedding.drift, features[:5].mean(axis=0) - features[5:].mean(axis=0), atol=2e-4, rtol=1e-6
    )
    names = load_model_files(model_dir(), network.name).tags
    probabilities = {tag.name: tag.probability for tag in got.tags}
    np.testing.assert_allclose([probabilities[name] for name in names], tags.mean(axis=0), atol=1e-5)


def test_the_golden_features_are_met_on_every_clip(network: MusicnnMsd) -> None:
    golden = np.load(MODELS / "musicnn_msd_reference.npz")
    row_of = {clip_id: row for row, clip_id in enumerate(golden["clip_id"])}
    for clip in clips():
        got = network.features(decode(clip.path.read_bytes(), network.rate, network.min_seconds).samples)
        row = row_of[clip.clip_id]
        for block in BLOCKS:
            assert cosine(got.embedding.embedding[block], golden["embedding"][row][block]) >= 0.99999
            assert cosine(got.embedding.drift[block], golden["drift"][row][block]) >= 0.99999
        probabilities = sorted((tag.probability for tag in got.tags), reverse=True)
        np.testing.assert_allclose(probabilities, np.sort(golden["tags"][row])[::-1], atol=1e-5)


def test_the_published_graph_in_onnx_is_keras(keras: Reference) -> None:
    batch = real_patches(0)[:2]
    got = session(plain_graph(keras.weights, keras.pruned.channels)).run(None, {"patches": batch})
    for output, expected in zip(got, keras(batch), strict=True):
        np.testing.assert_allclose(output, expected, atol=1e-5, rtol=1e-5)


def test_pruning_is_exact_also_on_input_unlike_music(keras: Reference) -> None:
    generator = np.random.default_rng(3)
    pruned = session(pruned_graph(keras.pruned))
    for batch in (generator.random((3, 187, 96)) * 5, np.zeros((1, 187, 96)), np.eye(187, 96)[None] * 4):
        patch = batch.astype(np.float32)
        for output, expected in zip(pruned.run(None, {"patches": patch}), keras(patch), strict=True):
            np.testing.assert_allclose(output, expected, atol=1e-4, rtol=2e-5)


def test_what_counts_as_dead_is_far_from_what_lives(keras: Reference) -> None:
    kernels = [keras.weights[f"{name}/kernel"] for name in (*TIMBRAL, *TEMPORAL)]
    norms = np.concatenate([np.linalg.norm(kernel.reshape(-1, kernel.shape[3]), axis=0) for kernel in kernels])
    live = norms >= DEAD_NORM
    assert (live.sum(), len(norms)) == (64, 561)
    assert norms[live].min() > 10 * DEAD_NORM
    assert norms[~live].max() < DEAD_NORM / 10


def test_the_live_channels_are_those_of_the_catalogue_prior(keras: Reference) -> None:
    np.testing.assert_array_equal(keras.pruned.channels, np.load(MODELS / "musicnn_msd_prior.npz")["channels"])


@pytest.fixture(scope="module")
def invented(keras: Reference) -> Weights:
    """Weights of the same shapes and the same dead filters, with all that the published ones hardly use.

    Dead channels weigh as much as live ones in the layers above, and a third of the batch normalisations turn signs.
    """
    generator = np.random.default_rng(4)
    weights = {}
    for name, value in keras.weights.items():
        layer, kind = name.split("/")
        drawn = generator.normal(0, 1 / np.sqrt(max(1, value[..., 0].size)), value.shape)
        if kind == "kernel" and value.ndim == 4:
            drawn[..., np.linalg.norm(value.reshape(-1, value.shape[3]), axis=0) < DEAD_NORM] = 0
        if kind == "gamma":
            drawn = generator.choice([1.0, 0.7, -0.8], value.shape)
        if kind == "moving_variance":
            drawn = generator.uniform(0.5, 2, value.shape)
        if layer == "batch_normalization":
            drawn = np.abs(drawn)
        weights[name] = drawn.astype(np.float32)
    return weights


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((2, 187, 96)).astype(np.float32) * 3


def test_pruning_is_exact_where_dead_filters_matter_and_signs_turn(invented: Weights) -> None:
    pruned = prune(invented)
    got = session(pruned_graph(pruned)).run(None, {"patches": noise(5)})
    want = session(plain_graph(invented, pruned.channels)).run(None, {"patches": noise(5)})
    assert want[0].std(axis=0).max() > 1e-3
    for output, expected in zip(got, want, strict=True):
        np.testing.assert_allclose(output, expected, atol=2e-5, rtol=2e-5)


def test_a_bias_vector_instead_of_a_map_is_wrong_at_the_edges(invented: Weights) -> None:
    pruned = prune(invented)
    want = session(plain_graph(invented, pruned.channels)).run(None, {"patches": noise(5)})
    pruned.mid[0].bias[:] = pruned.mid[0].bias[:, 90:91]
    wrong = session(pruned_graph(pruned)).run(None, {"patches": noise(5)})
    assert np.abs(wrong[0] - want[0]).max() > 1e-3


def test_the_model_files_hold_librosas_filterbank() -> None:
    files = load_model_files(model_dir(), "musicnn-msd@1")
    np.testing.assert_array_equal(files.filterbank, librosa.filters.mel(sr=16_000, n_fft=512, n_mels=96))
    assert len(files.tags) == 50
    assert files.tags[:3] == ("rock", "pop", "alternative")


def test_a_spectrogram_in_blocks_is_the_spectrogram_at_once() -> None:
    bank = MelBank(load_model_files(model_dir(), "musicnn-msd@1").filterbank)
    samples = decode(SOME_CLIPS[0].path.read_bytes(), 16_000, 1).samples
    got = log_compressed(bank.power(samples))
    np.testing.assert_allclose(patches(got), real_patches(0), atol=2e-5)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a.astype(np.float64), b.astype(np.float64)
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
