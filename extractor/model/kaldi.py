"""The mel filterbank of the Kaldi toolkit, as EfficientAT uses it."""

import numpy as np
import numpy.typing as npt

_N_FFT, _MELS, _HIGHEST_HZ = 1024, 128, 15_000.0


def filterbank(rate: int) -> npt.NDArray[np.float32]:
    """(128, 513): triangles of equal width on Kaldi's mel scale, ``1127 ln(1 + f / 700)``, from 0 Hz to 15 kHz."""
    edges = np.linspace(0, _mel(np.array(_HIGHEST_HZ)), _MELS + 2)[:, None]
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    bins = _mel(rate / _N_FFT * np.arange(_N_FFT // 2))
    triangles = np.maximum(0, np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)))
    return np.pad(triangles, ((0, 0), (0, 1))).astype(np.float32)  # Kaldi leaves the last bin out


def _mel(hertz: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    scaled: npt.NDArray[np.float64] = 1127.0 * np.log(1.0 + hertz / 700.0)
    return scaled
