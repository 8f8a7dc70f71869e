"""How loud a clip is: ITU-R BS.1770-4 and EBU Tech 3342, measured while it is decoded, before channels are mixed.

The K-weighting is not run as a filter: by Parseval's theorem the power of a filtered step is the sum of its power
spectrum times the filter's squared response. Above 5 kHz that response is flat, so that all power counts with the gain
there, and what the filter takes from lower frequencies is measured on samples that were thinned out to 9 kHz. That
costs a third of the filters' time in C and differs from them by some hundredths of a decibel.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from numpy import fft  # now: numpy would open its file when first asked, which a confined process may not
from numpy.lib import stride_tricks

STEP_S = 0.1
"""Blocks of 400 ms overlap by three quarters: four steps each."""
_STEPS_PER_BLOCK, _STEPS_PER_SHORT_TERM = 4, 30
_ABSOLUTE_GATE, _RELATIVE_GATE, _RELATIVE_GATE_OF_RANGE = -70.0, -10.0, -20.0
_RANGE = (0.10, 0.95)
_OFFSET = -0.691
_AT_ONCE = 7  # steps that stay in the cache
_THINNED_HZ = 8_820
_FLAT_HZ = 10_000.0
_SURROUND = 1.41
_WEIGHTS = {6: (1.0, 1.0, 1.0, 0.0, _SURROUND, _SURROUND), 5: (1.0, 1.0, 1.0, _SURROUND, _SURROUND)}
"""Of channels in the order of WAV: left, right, centre, effects, surround. Other numbers of channels count alike."""
_RATE = 48_000
# Coefficients at 48 kHz, BS.1770-4 tables 1 (a head's shelf) and 2 (high-pass), as (b, a).
_SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
Power = npt.NDArray[np.float64]
Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Loudness:
    """`integrated` in LUFS, None where nothing passes the gate of -70 LUFS; `range` in LU, None below three seconds."""

    integrated: float | None = None
    range: float | None = None


class LoudnessMeter:
    """Takes a clip block by block.

    Args:
        rate: in Hz.
        channels: how many.
    """

    def __init__(self, rate: int, channels: int) -> None:
        self._thinning = max(1, rate // _THINNED_HZ)
        self._step = round(rate * STEP_S / self._thinning) * self._thinning
        weights = _WEIGHTS.get(channels)
        self._gains = None if weights is None else np.sqrt(np.array(weights, np.float32))
        self._length = self._step // self._thinning
        self._taken = _taken_by_the_filter(self._length, rate, self._thinning)
        self._padded = np.zeros((_AT_ONCE, _padded(self._length)), np.complex64)
        self._spectra = np.empty_like(self._padded)
        self._rest = np.zeros((0, channels), np.float32)
        self._powers: list[npt.NDArray[np.float32]] = []

    def add(self, block: Samples) -> None:
        """The next samples, (n, channels). Of what is not finite the measure means nothing; who decodes refuses it."""
        missing = -len(self._rest) % self._step
        begun = np.concatenate([self._rest, block[:missing]])
        whole = missing + (len(block) - missing) // self._step * self._step
        if len(begun) == self._step:
            self._powers.append(self._weighted(begun))
        elif missing:
            self._rest = begun
            return
        if whole > missing:
            self._powers.append(self._weighted(block[missing:whole]))
        self._rest = block[whole:].copy()

    def measured(self) -> Loudness:
        """Of all that was added."""
        powers = np.concatenate(self._powers) if self._powers else np.zeros(0, np.float32)
        return loudness_of(powers.astype(np.float64))

    def _weighted(self, samples: Samples) -> npt.NDArray[np.float32]:
        """(steps,): mean K-weighted power of each step, summed over channels."""
        if self._gains is not None:
            samples = samples * self._gains
        if samples.shape[1] % 2:
            samples = np.pad(samples, ((0, 0), (0, 1)))
        channels = samples.shape[1]
        pairs = (
            np.ascontiguousarray(samples).view(np.complex64).reshape(-1, self._length, self._thinning, channels // 2)
        )
        steps = samples.reshape(len(pairs), -1)
        powers: npt.NDArray[np.float32] = np.vecdot(steps, steps) * np.float32(_FLAT_GAIN / self._step)
        for first in range(0, len(pairs), _AT_ONCE):
            for pair in range(channels // 2):
                some = slice(first, first + _AT_ONCE)
                powers[some] -= self._power_taken(pairs[some, :, :, pair])
        return np.maximum(powers, 0)

    def _power_taken(self, pairs: npt.NDArray[np.complex64]) -> npt.NDArray[np.float32]:
        """Of steps of two channels as one complex signal, (steps, length, thinning).

        The powers at a frequency and at its negative are together those of both channels.
        """
        padded, spectra = self._padded[: len(pairs)], self._spectra[: len(pairs)]
        thinned = padded[:, : self._length]
        thinned[...] = pairs[..., 0]
        for at in range(1, self._thinning):
            thinned += pairs[..., at]
        with np.errstate(invalid="ignore", over="ignore"):
            fft.fft(padded, out=spectra)  # type: ignore[arg-type]  # the stubs want doubles
            parts = spectra.view(np.float32)
            taken: npt.NDArray[np.float32] = np.square(parts, out=parts) @ self._taken
        return taken


def loudness_of(powers: Power) -> Loudness:
    """From the K-weighted mean powers (n,) of steps of 100 ms."""
    return Loudness(_integrated(powers), _range_of(powers))


def _integrated(powers: Power) -> float | None:
    """Loudness of the blocks of 400 ms that pass both gates (BS.1770-4, annex 1)."""
    gated = _gated(_mean_of(powers, _STEPS_PER_BLOCK), _RELATIVE_GATE)
    return float(_level(gated.mean())) if len(gated) else None


def _range_of(powers: Power) -> float | None:
    """Between the 10th and the 95th percentile of the loudness of three seconds each, gated at -20 LU."""
    gated = _gated(_mean_of(powers, _STEPS_PER_SHORT_TERM), _RELATIVE_GATE_OF_RANGE)
    if not len(gated):
        return None
    # As `np.quantile` has it, which imports masked arrays when it is called: a confined process can open no file.
    levels = np.sort(_level(gated))
    low, high = np.interp(np.array(_RANGE) * (len(levels) - 1), np.arange(len(levels)), levels).tolist()
    return float(high) - float(low)


def _gated(means: Power, relative: float) -> Power:
    loud = means[_level(means) >= _ABSOLUTE_GATE]
    return loud[_level(loud) >= _level(loud.mean()) + relative] if len(loud) else loud


def _mean_of(powers: Power, steps: int) -> Power:
    if len(powers) < steps:
        return np.zeros(0)
    means: Power = stride_tricks.sliding_window_view(powers, steps).mean(axis=1)
    return means


def _level(power: Power) -> Power:
    level: Power = _OFFSET + 10 * np.log10(np.maximum(power, np.finfo(np.float64).tiny))
    return level


def _gain(hertz: Power) -> Power:
    """Squared response of the K-weighting."""
    z = np.exp(-2j * np.pi * hertz / _RATE)
    gain = np.ones(hertz.shape)
    for b, a in (_SHELF, _HIGH_PASS):
        gain *= np.abs((b[0] + b[1] * z + b[2] * z**2) / (a[0] + a[1] * z + a[2] * z**2)) ** 2
    return gain


_FLAT_GAIN = float(_gain(np.array([_FLAT_HZ]))[0])


def _padded(length: int) -> int:
    """The next length that a Fourier transform is quick at."""
    while length > 1:
        rest = length
        for prime in (2, 3):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            break
        length += 1
    return length


@lru_cache(maxsize=16)
def _taken_by_the_filter(length: int, rate: int, thinning: int) -> npt.NDArray[np.float32]:
    """What part of a step's power at each frequency the filter takes from what the flat gain gives; each twice, for the
    squares of real and imaginary part lie side by side.

    A sample that was thinned out is the sum of `thinning`, the response of which is divided out.
    """
    size = _padded(length)
    hertz = np.abs(fft.fftfreq(size, thinning / rate))
    response = sum((np.exp(-2j * np.pi * hertz * at / rate) for at in range(thinning)), np.zeros(size))
    taken = (_FLAT_GAIN - _gain(hertz)) / np.abs(response) ** 2
    taken[hertz > _FLAT_HZ] = 0
    return np.repeat(taken / (size * length), 2).astype(np.float32)
