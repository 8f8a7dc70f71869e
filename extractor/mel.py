"""Log-mel spectrograms as musicnn was trained on them, bit for bit as librosa computes them."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

N_FFT, HOP = 512, 256
# Periodic Hann: librosa's and scipy's default for spectral analysis.
_WINDOW = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)).astype(np.float32)


def mel_power(samples: Array, filterbank: Array) -> Array:
    """(frames, mels): power spectrogram of `samples` (n,) seen through `filterbank` (mels, 257).

    ``1 + n // 256`` frames of 512 samples, centred, zeros beyond both ends.
    """
    padded = np.pad(samples, N_FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]
    spectrum = np.fft.rfft(frames * _WINDOW)
    # float32 throughout (numpy >= 2); the stubs still promise float64.
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32, copy=False)
    mels: Array = power @ filterbank.T
    return mels


def log_mel(samples: Array, filterbank: Array) -> Array:
    """(frames, mels): ``log10(1 + 10000 mel)``, musicnn's compression, in float32 (float16 overflows)."""
    compressed: Array = np.log10(np.float32(1) + np.float32(10_000) * mel_power(samples, filterbank))
    return compressed
