"""Log-mel spectrograms as EfficientAT takes them: Kaldi's mels of pre-emphasised audio at 32 kHz.

Frames of 25 ms every 10 ms (symmetric Hann), 128 mels from 0 to 15 kHz, ``(ln(power + 1e-5) + 4.5) / 5``.
"""

import numpy as np

from extractor.networks.mel import Array, bands_of

_N_FFT, _FRAME, _HOP = 1024, 800, 320
_PRE_EMPHASIS = np.float32(0.97)
_FLOOR = np.float32(1e-5)
_OFFSET, _FIFTH = np.float32(4.5), np.float32(0.2)
_BLOCK = 128  # frames that stay in the cache from the window to the mels; fewer cost more calls
_BANDS = 8
_WINDOW = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FRAME) / (_FRAME - 1))).astype(np.float32)


class KaldiMels:
    """The spectrogram through a filterbank (128, 513), float32, in blocks of frames that stay in the cache."""

    def __init__(self, filterbank: Array) -> None:
        self._bands = bands_of(filterbank, _BANDS)

    def log_mels(self, samples: Array) -> Array:
        """(frames, 128) of (n,) samples, n > 401: a frame every 10 ms, centred, the ends mirrored."""
        # Only what the window leaves of the transform's 1024 samples: moving it within them turns phases alone.
        frames = np.lib.stride_tricks.sliding_window_view(_emphasised(samples, _FRAME // 2), _FRAME)
        frames = frames[::_HOP]
        mels = np.empty((len(frames), self._bands[-1].mels.stop), np.float32)
        windowed = np.zeros((_BLOCK, _N_FFT), np.float32)
        spectrum = np.empty((_BLOCK, _N_FFT // 2 + 1), np.complex64)
        parts = spectrum.view(np.float32)
        for first in range(0, len(frames), _BLOCK):
            block = mels[first : first + _BLOCK]
            n = len(block)
            np.multiply(frames[first : first + n], _WINDOW, out=windowed[:n, :_FRAME])
            np.fft.rfft(windowed[:n], out=spectrum[:n])  # type: ignore[arg-type]  # the stubs want doubles
            squares = np.square(parts[:n], out=parts[:n])
            for band in self._bands:
                np.matmul(squares[:, band.parts], band.weights, out=block[:, band.mels])
        mels += _FLOOR
        np.log(mels, out=mels)
        mels += _OFFSET
        mels *= _FIFTH
        return mels


def _emphasised(samples: Array, margin: int) -> Array:
    """(n - 1 + 2 * margin,) of (n,) samples, mirrored at either end; as few arrays of a whole clip as can be."""
    padded = np.empty(len(samples) - 1 + 2 * margin, np.float32)
    inner = padded[margin:-margin]
    np.multiply(samples[:-1], -_PRE_EMPHASIS, out=inner)
    inner += samples[1:]
    padded[:margin] = inner[margin:0:-1]
    padded[-margin:] = inner[-2 : -margin - 2 : -1]
    return padded
