"""The exported graph and the runtime around it, against Keras, the published graph and golden features."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import pytest

from annoy_service import fit
from extractor.audio.decode import decode
from extractor.model.architecture import TEMPORAL, TIMBRAL
from extractor.model.checkpoint import Weights
from extractor.model.graph import pruned_graph
from extractor.model.plain_graph import plain_graph
from extractor.model.pruning import DEAD_NORM, prune
from extractor.networks.mel import MelBank, log_compressed
from extractor.networks.model_files import load_model_files
from extractor.networks.musicnn import MusicnnMsd, patches
from tests.corpus import Clip, clips
from tests.golden.features import INVENTED, golden, invented_samples
from tests.model import model_dir

if TYPE_CHECKING:
    from tests.parity.published import Published

RATE = 16_000
BLOCKS = (slice(0, 200), slice(200, 412), slice(412, 624))
CLIPS = range(0, 33, 11)
PRIOR = Path(fit.__file__).with_name("data") / "musicnn_msd_prior.npz"


@pytest.fixture(scope="module")
def keras() -> "Published":
    from tests.parity.published import published  # TensorFlow

    return published()


def samples_of(index: int) -> np.ndarray:
    return decode(clips()[index].path.read_bytes(), RATE, 1).samples


def session(graph: Any) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(graph.SerializeToString())


@pytest.mark.parametrize("index", CLIPS)
def test_the_runtime_gives_what_keras_and_librosa_give(keras: "Published", network: MusicnnMsd, index: int) -> None:
    want, got = keras.hear(samples_of(index)), network.features(samples_of(index))
    np.testing.assert_allclose(got.embedding.embedding, want.embedding, atol=1e-4, rtol=1e-6)
    np.testing.assert_allclose(got.embedding.drift, want.drift, atol=2e-4, rtol=1e-6)
    names = load_model_files(model_dir(), network.name).tags
    probabilities = {tag.name: tag.probability for tag in got.tags}
    np.testing.assert_allclose([probabilities[name] for name in names], want.tags, atol=1e-5)


def test_the_golden_features_are_met(network: MusicnnMsd) -> None:
    """On the invented piece, and on a clip of every album: what the published network once heard, for good."""
    heard = {INVENTED: invented_samples()}
    heard |= {clip.clip_id: decode(clip.path.read_bytes(), RATE, 1).samples for clip in _one_of_an_album()}
    want = golden()
    for clip_id, samples in heard.items():
        got, row = network.features(samples), want.row_of(clip_id)
        for block in BLOCKS:
            assert cosine(got.embedding.embedding[block], want.embedding[row][block]) >= 0.99999
            assert cosine(got.embedding.drift[block], want.drift[row][block]) >= 0.99999
        probabilities = sorted((tag.probability for tag in got.tags), reverse=True)
        np.testing.assert_allclose(probabilities, np.sort(want.tags[row])[::-1], atol=1e-5)


def _one_of_an_album() -> list[Clip]:
    """Of those that are golden: clips synthesised for want of packages are not."""
    return list({clip.album: clip for clip in clips() if clip.clip_id in golden().clip_ids}.values())


def test_the_published_graph_in_onnx_is_keras(keras: "Published") -> None:
    batch = keras.patches(samples_of(0))[:2]
    got = session(plain_graph(keras.weights, keras.pruned.channels)).run(None, {"patches": batch})
    for output, expected in zip(got, keras(batch), strict=True):
        np.testing.assert_allclose(output, expected, atol=2e-5, rtol=2e-5)


def test_pruning_is_exact_also_on_input_unlike_music(keras: "Published") -> None:
    generator = np.random.default_rng(3)
    pruned = session(pruned_graph(keras.pruned))
    for batch in (generator.random((3, 187, 96)) * 5, np.zeros((1, 187, 96)), np.eye(187, 96)[None] * 4):
        patch = batch.astype(np.float32)
        for output, expected in zip(pruned.run(None, {"patches": patch}), keras(patch), strict=True):
            np.testing.assert_allclose(output, expected, atol=1e-4, rtol=2e-5)


def test_what_counts_as_dead_is_far_from_what_lives(keras: "Published") -> None:
    kernels = [keras.weights[f"{name}/kernel"] for name in (*TIMBRAL, *TEMPORAL)]
    norms = np.concatenate([np.linalg.norm(kernel.reshape(-1, kernel.shape[3]), axis=0) for kernel in kernels])
    live = norms >= DEAD_NORM
    assert (live.sum(), len(norms)) == (64, 561)
    assert norms[live].min() > 10 * DEAD_NORM
    assert norms[~live].max() < DEAD_NORM / 10


def test_the_live_channels_are_those_of_the_catalogue_prior(keras: "Published") -> None:
    np.testing.assert_array_equal(keras.pruned.channels, np.load(PRIOR)["channels"])


@pytest.fixture(scope="module")
def invented(keras: "Published") -> Weights:
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
    import librosa  # slow

    files = load_model_files(model_dir(), "musicnn-msd@1")
    np.testing.assert_array_equal(files.filterbank, librosa.filters.mel(sr=16_000, n_fft=512, n_mels=96))
    assert len(files.tags) == 50
    assert files.tags[:3] == ("rock", "pop", "alternative")


def test_a_spectrogram_in_blocks_is_the_spectrogram_at_once(keras: "Published") -> None:
    bank = MelBank(load_model_files(model_dir(), "musicnn-msd@1").filterbank)
    got = log_compressed(bank.power(samples_of(0)))
    np.testing.assert_allclose(patches(got), keras.patches(samples_of(0)), atol=2e-5)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a.astype(np.float64), b.astype(np.float64)
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
