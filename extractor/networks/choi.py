"""`choi-2017@1`: 160 features of Choi et al.'s convnet, the network that Earshot's ancestor of 2019 used."""

from pathlib import Path

import numpy as np
import onnxruntime

from earshot.embedding import Embedding
from earshot.networks import CHOI
from extractor.audio.samples import Samples
from extractor.music.tempo import onsets_of
from extractor.networks.mel import HOP, N_FFT, Array, MelBank, log_compressed
from extractor.networks.model_files import load_model_files
from extractor.networks.network import Features

_AMIN = 1e-10
_DYNAMIC_RANGE_DB = 80


class Choi2017:
    """Global averages of five convolutions over one spectrogram of the whole clip. No tags, and no drift: it is zero.

    Raises:
        InvalidSettings: the model files are missing or damaged.
    """

    name = CHOI.name
    rate = CHOI.rate_hz
    min_seconds = CHOI.min_seconds

    def __init__(self, model_dir: Path, threads: int = 1) -> None:
        files = load_model_files(model_dir, CHOI.name)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(files.graph, options, providers=["CPUExecutionProvider"])
        self._mels = MelBank(files.filterbank)

    def features(self, samples: Samples) -> Features:
        """Features of the first 29 s of (n,) samples at 12 kHz."""
        mels = self._mels.power(*same_padded(samples[: int(CHOI.clip_s * self.rate)]))
        spectrogram = normalised(decibels(mels))
        (features,) = self._session.run(None, {"patches": spectrogram[None]})
        return Features(
            Embedding(features[0], np.zeros_like(features[0])), (), onsets_of(log_compressed(mels), self.rate / HOP)
        )


def same_padded(samples: Samples) -> tuple[Samples, tuple[int, int]]:
    """The samples, and the zeros that TensorFlow's 'same' padding puts before and after them: 208 and 208 for 29 s."""
    frames = -(-len(samples) // HOP)
    missing = max(0, (frames - 1) * HOP + N_FFT - len(samples))
    return samples, (missing // 2, missing - missing // 2)


def decibels(power: Array) -> Array:
    """Decibels below the clip's maximum, floored at -80."""
    level = 10 * np.log10(np.maximum(power, np.float32(_AMIN)))
    floored: Array = np.maximum(level - level.max(), np.float32(-_DYNAMIC_RANGE_DB))
    return floored


def normalised(level: Array) -> Array:
    """Mean 0 and standard deviation 1 over the clip."""
    scaled: Array = (level - level.mean()) / (level.std() + np.float32(_AMIN))
    return scaled
