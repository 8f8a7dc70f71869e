"""Mel spectrograms as librosa computes them, without librosa."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

N_FFT, HOP = 512, 256
_BLOCK = 64  # frames that stay in the cache from the window to the mels
_BANDS = 6
# Periodic Hann: librosa's and scipy's default for spectral analysis.
_WINDOW = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """Neighbouring mels, and what they see of a spectrum: squares of real and imaginary parts, in turn."""

    mels: slice
    parts: slice
    weights: Array
    """(parts, mels): of every bin twice, because the two squares lie side by side."""


def bands_of(filterbank: Array, count: int) -> tuple[Band, ...]:
    """A filterbank (mels, bins) cut into bands of mels."""
    bands = []
    for mels in np.array_split(np.arange(len(filterbank)), count):
        seen = np.flatnonzero(filterbank[mels].any(axis=0))
        first, last = int(seen[0]), int(seen[-1])
        weights = np.repeat(filterbank[mels, first : last + 1].T, 2, axis=0)
        bands.append(Band(slice(int(mels[0]), int(mels[-1]) + 1), slice(2 * first, 2 * last + 2), weights))
    return tuple(bands)


class MelBank:
    """A mel filterbank (mels, 257), float32, cut into bands of mels: each sees only part of the bins."""

    def __init__(self, filterbank: Array) -> None:
        self._mels = len(filterbank)
        self._bands = bands_of(filterbank, _BANDS)

    def power(self, samples: Array, padding: tuple[int, int] = (N_FFT // 2, N_FFT // 2)) -> Array:
        """(frames, mels): power spectrogram of `samples` (n,) through the filterbank.

        A frame of 512 samples every 256, with `padding` zeros before and after: by default frames are centred.
        """
        padded = np.pad(samples, padding)
        frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]
        mels = np.empty((len(frames), self._mels), np.float32)
        windowed = np.empty((_BLOCK, N_FFT), np.float32)
        spectrum = np.empty((_BLOCK, N_FFT // 2 + 1), np.complex64)
        parts = spectrum.view(np.float32)
        for first in range(0, len(frames), _BLOCK):
            block = mels[first : first + _BLOCK]
            n = len(block)
            windowed[:n] = frames[first : first + n]
            windowed[:n] *= _WINDOW
            np.fft.rfft(windowed[:n], out=spectrum[:n])  # type: ignore[arg-type]  # the stubs want doubles
            squares = np.square(parts[:n], out=parts[:n])
            for band in self._bands:
                np.matmul(squares[:, band.parts], band.weights, out=block[:, band.mels])
        return mels


def log_compressed(mels: Array) -> Array:
    """``log10(1 + 10000 mels)``, musicnn's compression, in place and in float32 (float16 overflows)."""
    mels *= np.float32(10_000)
    mels += np.float32(1)
    return np.log10(mels, out=mels)
