"""`musicnn-msd@1`: the features of MSD_musicnn, one 2.99 s patch of the log-mel spectrogram at a time."""

from pathlib import Path

import numpy as np
import onnxruntime

from earshot.embedding import Embedding
from earshot.networks import MUSICNN
from earshot.track import Tag
from extractor.audio.samples import Samples
from extractor.music.tempo import onsets_of
from extractor.networks.mel import HOP, Array, MelBank, log_compressed
from extractor.networks.model_files import load_model_files
from extractor.networks.network import Features

PATCH_FRAMES = 187


class MusicnnMsd:
    """624 features per patch: 200 of the penultimate layer, 212 means and 212 maxima of the live channels below it.

    Args:
        model_dir: where the model files are.
        threads: of the runtime.
        patch_step: 2 hears every second patch, at half the cost of the network; tempo is heard in all of them.

    Raises:
        InvalidSettings: the model files are missing or damaged.
    """

    name = MUSICNN.name
    rate = MUSICNN.rate_hz
    min_seconds = MUSICNN.min_seconds

    def __init__(self, model_dir: Path, threads: int = 1, patch_step: int = 1) -> None:
        files = load_model_files(model_dir, MUSICNN.name)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(files.graph, options, providers=["CPUExecutionProvider"])
        self._mels = MelBank(files.filterbank)
        self._tags = files.tags
        self._patch_step = patch_step

    def features(self, samples: Samples) -> Features:
        """Embedding: mean over patches. Drift: mean of the first half of the patches minus that of the second."""
        spectrogram = log_compressed(self._mels.power(samples))
        features, tags = self.hear(patches(spectrogram)[:: self._patch_step])
        probabilities = tags.mean(axis=0)
        likeliest = np.argsort(-probabilities, kind="stable")
        return Features(
            Embedding(features.mean(axis=0), drift(features)),
            tuple(Tag(self._tags[i], float(probabilities[i])) for i in likeliest),
            onsets_of(spectrogram, self.rate / HOP),
        )

    def hear(self, patches: Array) -> tuple[Array, Array]:
        """Features (n, 624) and tag probabilities (n, 50) of (n, 187, 96) patches."""
        # One patch at a time: what lies between the layers stays in the cache, which pays for the further calls.
        outputs = [self._session.run(None, {"patches": patch[None]}) for patch in patches]
        features, tags = (np.concatenate(output) for output in zip(*outputs, strict=True))
        return features, tags


def patches(spectrogram: Array) -> Array:
    """Consecutive patches (n, 187, mels) of a (frames, mels) spectrogram; a short one is repeated to fill one patch."""
    if len(spectrogram) < PATCH_FRAMES:
        spectrogram = np.tile(spectrogram, (-(-PATCH_FRAMES // len(spectrogram)), 1))
    whole = len(spectrogram) // PATCH_FRAMES
    return spectrogram[: whole * PATCH_FRAMES].reshape(whole, PATCH_FRAMES, -1)


def drift(features: Array) -> Array:
    """(dim,): mean of the first half of (patches, dim) minus mean of the second; zero for a single patch."""
    half = len(features) // 2
    if not half:
        return np.zeros(features.shape[1], np.float32)
    difference: Array = features[:half].mean(axis=0) - features[half:].mean(axis=0)
    return difference
