"""Tempo and pulse, from how strongly sound sets in.

Onset strength is spectral flux of the log-compressed mel spectrogram; candidates for the tempo are the peaks of its
autocorrelation, weighed by the tempi that listeners prefer (Ellis 2007, "Beat Tracking by Dynamic Programming"). The
autocorrelation has peaks at every multiple of the beat, the spectrum of the onsets at every fraction of it: their
product has the beat (Peeters 2006, "Template-Based Estimation of Time-Varying Tempo").
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Curve = npt.NDArray[np.float64]

SLOWEST_BPM, FASTEST_BPM = 40.0, 240.0
_GRID = 1.005
_PREFERRED_BPM, _SPREAD_OCTAVES = 115.0, 0.9
_BEAT_BANDS = 0.25
"""Part of the bands, from the lowest, in which kick, snare and bass set in: hats above them count twice as fast."""
_FLATTENED = 0.25
"""Exponent of the spectrum, which would else prefer what is fastest."""
_MULTIPLES = 4
_LOCAL_S = 1.0
_CLEAR = 0.1
"""Below such a pulse there is no tempo to tell."""
_AS_WELL = 0.7
"""A listener may as well count twice or half as fast where that is at least so likely as the tempo."""
_SHORTEST_S = 6.0
_CANDIDATES = np.exp(np.arange(np.log(SLOWEST_BPM), np.log(FASTEST_BPM), np.log(_GRID)))


@dataclass(frozen=True, slots=True)
class Pulse:
    """A tempo in BPM, the other that may be felt (twice or half), and how clear the pulse is, 0 to 1."""

    bpm: float | None
    other_bpm: float | None
    clarity: float


@dataclass(frozen=True, slots=True, eq=False)
class Onsets:
    """How strongly sound sets in, (frames,), and how many frames a second has."""

    strength: Array
    rate: float


def onset_strength(log_mels: Array) -> Array:
    """(frames,): mean over the bands of the rise from the frame before, of a log-compressed (frames, mels) spectrogram.

    The same as librosa's `onset_strength` of that spectrogram, not centred.
    """
    rise = np.diff(log_mels, axis=0)
    np.maximum(rise, 0, out=rise)
    strength: Array = np.concatenate([np.zeros(1, np.float32), rise.mean(axis=1)])
    return strength


def onsets_of(log_mels: Array, rate: float) -> Onsets:
    """What the beat is heard in, of a log-compressed spectrogram (frames, mels) with `rate` frames a second."""
    beat_bands = round(log_mels.shape[1] * _BEAT_BANDS)
    return Onsets(onset_strength(log_mels[:, :beat_bands]), rate)


def pulse_of(onsets: Onsets) -> Pulse | None:
    """Tempo and pulse; None where the clip is too short for any."""
    if len(onsets.strength) < _SHORTEST_S * onsets.rate:
        return None
    curve = _without_swell(onsets.strength.astype(np.float64), onsets.rate)
    correlation = autocorrelation(curve)
    lags = 60 * onsets.rate / _CANDIDATES
    clarity = float(np.clip(_at(correlation, lags).max(), 0, 1))
    if clarity < _CLEAR:
        return Pulse(None, None, clarity)
    score = _score(curve, correlation, _CANDIDATES, onsets.rate)
    best = int(score.argmax())
    bpm = _refined(correlation, float(_CANDIDATES[best]), onsets.rate)
    likely, other = max((_near(score, bpm * factor), bpm * factor) for factor in (0.5, 2.0))
    return Pulse(bpm, other if likely >= _AS_WELL * score[best] else None, clarity)


def autocorrelation(curve: Curve) -> Curve:
    """Of a curve (n,), (n,): 1 at lag 0, each lag by as many products as it has."""
    n = len(curve)
    spectrum = np.fft.rfft(curve, 2 * n)
    products = np.fft.irfft(np.abs(spectrum) ** 2)[:n] / np.arange(n, 0, -1)
    return np.asarray(products / products[0] if products[0] > 0 else products)


def _without_swell(curve: Curve, rate: float) -> Curve:
    """Without its slow changes, and with mean 0."""
    width = round(_LOCAL_S * rate) | 1
    sums = np.cumsum(np.pad(curve, (width // 2 + 1, width // 2), mode="edge"))
    high = np.maximum(curve - (sums[width:] - sums[:-width]) / width, 0)
    return np.asarray(high - high.mean())


def _score(curve: Curve, correlation: Curve, tempi: Curve, rate: float) -> Curve:
    lags = 60 * rate / tempi
    comb = sum(
        (np.maximum(_at(correlation, lags * multiple), 0) for multiple in range(1, _MULTIPLES + 1)),
        np.zeros(len(tempi)),
    )
    spectrum = np.abs(np.fft.rfft(curve * np.hanning(len(curve)), 4 * len(curve)))
    periodic = _at(spectrum, 4 * len(curve) * tempi / (60 * rate))
    preferred = np.exp(-0.5 * (np.log2(tempi / _PREFERRED_BPM) / _SPREAD_OCTAVES) ** 2)
    return np.asarray(comb * periodic**_FLATTENED * preferred)


def _near(score: Curve, bpm: float) -> float:
    if not SLOWEST_BPM <= bpm <= FASTEST_BPM:
        return 0.0
    near = np.abs(np.log(_CANDIDATES / bpm)) < 4 * np.log(_GRID)
    return float(score[near].max())


def _refined(correlation: Curve, bpm: float, rate: float) -> float:
    """The tempo by the peak of the autocorrelation many beats later, which is as many times as exact."""
    lag, beats = 60 * rate / bpm, 1
    while True:
        first, last = int(lag * beats * 0.99) - 1, int(np.ceil(lag * beats * 1.01)) + 1
        if last + 1 >= len(correlation) // 2:
            return 60 * rate / lag
        peak = first + int(correlation[first : last + 1].argmax())
        if correlation[peak] <= 0 or peak < 1:
            return 60 * rate / lag
        before, at, after = correlation[peak - 1 : peak + 2].tolist()
        curved = before - 2 * at + after
        beyond = 0.5 * (before - after) / curved if curved < 0 else 0.0
        lag = (peak + min(max(beyond, -0.5), 0.5)) / beats  # of a slope the parabola's vertex may lie anywhere
        beats *= 2


def _at(curve: Curve, places: Curve) -> Curve:
    """The curve between its points; 0 beyond its end."""
    return np.interp(places, np.arange(len(curve)), curve, right=0)
