"""`choi-2017@1` with weights that nobody trained: `python -m tests.invented_choi WEIGHTS` builds its model files.

The published weights state no licence and cannot be carried. These lie in a file laid out as theirs (Keras 2, HDF5),
front end included, and are drawn with the sizes of trained ones.
"""

import hashlib
import sys
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from config.extract import ModelSettings
from extractor.model.build import build_choi
from extractor.model.checkpoint import Weights
from extractor.model.choi_weights import read_weights

RATE, N_FFT, MELS, FILTERS = 12_000, 512, 96, 32
_SEED = 2017


def write_weights(path: Path) -> None:
    """The file, unless it is there."""
    if path.exists():
        return
    unfinished = path.with_suffix(".unfinished")
    with h5py.File(unfinished, "w") as file:
        for layer, values in (_front_end() | _network()).items():
            for name, value in values.items():
                file[f"model_weights/{layer}/{layer}/{name}:0"] = value
    unfinished.replace(path)


def invented_weights(path: Path) -> Weights:
    """What the file holds, by way of the product's reader."""
    return read_weights(path, hashlib.sha256(path.read_bytes()).hexdigest())


def _front_end() -> dict[str, Weights]:
    """A mel spectrogram as convolutions: windowed cosines and sines (512, 1, 1, 257), and the mel matrix (257, 96)."""
    from librosa.filters import mel  # slow to import, and seldom needed

    angles = 2 * np.pi / N_FFT * np.outer(np.arange(N_FFT), np.arange(N_FFT // 2 + 1))
    window = np.hanning(N_FFT + 1)[:-1, None]
    return {
        "melgram": {
            "real_kernels": (window * np.cos(angles)).astype(np.float32)[:, None, None],
            "imag_kernels": (window * np.sin(angles)).astype(np.float32)[:, None, None],
            "Variable": mel(sr=RATE, n_fft=N_FFT, n_mels=MELS).T.astype(np.float32),
        }
    }


def _network() -> dict[str, Weights]:
    dice = np.random.default_rng(_SEED)

    def drawn(mean: float, spread: float, *shape: int) -> npt.NDArray[np.float32]:
        return dice.normal(mean, spread, shape).astype(np.float32)

    layers: dict[str, Weights] = {}
    for number, channels in enumerate((1, FILTERS, FILTERS, FILTERS, FILTERS), 1):
        layers[f"conv2d_{number}"] = {
            "kernel": drawn(0, 1.3 / np.sqrt(9 * channels), 3, 3, channels, FILTERS),
            "bias": drawn(0, 0.1, FILTERS),
        }
        layers[f"batch_normalization_{number}"] = {
            "gamma": drawn(1, 0.1, FILTERS),
            "beta": drawn(0, 0.05, FILTERS),
            "moving_mean": drawn(0, 1, FILTERS),
            "moving_variance": np.abs(drawn(1.6, 0.4, FILTERS)),
        }
    return layers


if __name__ == "__main__":
    build_choi(ModelSettings.load().model_dir, lambda: invented_weights(Path(sys.argv[1])))
