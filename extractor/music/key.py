"""Key and mode: how the tones of a clip are distributed, beside how they are in pieces of each key.

Tones are the peaks of spectra of half a second, tuned to what the clip itself is tuned to (as harmonic pitch class
profiles are: Gómez 2006, "Tonal Description of Polyphonic Audio"). Of the 24 keys that one is heard whose profile
correlates best with their distribution (Krumhansl and Kessler 1982; Krumhansl 1990), by the profiles of Albrecht and
Shanahan 2013, "The Use of Large Corpora to Train a New Type of Key-Finding Algorithm".
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earshot.keys import KEYS, Key

Array = npt.NDArray[np.float32]
Profile = npt.NDArray[np.float64]

_MAJOR = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
_MINOR = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)
_WINDOW_S = 0.5
_THINNED_HZ = 8_000
_LOWEST_HZ, _HIGHEST_HZ = 65.0, 1_700.0
_C0_HZ = 16.351597831287414
_SHARPNESS = 0.06
"""Of the correlations: a key whose profile correlates so much less is 1/e as likely. With this, what is at least 0.8
probable is right nearly always (docs/benchmarks/extractor.md)."""
_TONAL = 0.45
"""Below such a correlation nothing is in any key."""


@dataclass(frozen=True, slots=True)
class Tonality:
    """A key, and how probable it is among all 24."""

    key: Key
    confidence: float


def key_of(samples: Array, rate: int) -> Tonality | None:
    """Key of mono samples (n,); None where there are no tones, or none that are of any key."""
    chroma = chroma_of(samples, rate)
    return None if chroma is None else key_of_chroma(chroma)


def key_of_chroma(chroma: Profile) -> Tonality | None:
    """Key of how much of each tone there is, (12,) from C upwards."""
    if chroma.std() == 0:
        return None
    correlations = _PROFILES @ ((chroma - chroma.mean()) / (chroma.std() * 12))
    best = int(correlations.argmax())
    if correlations[best] < _TONAL:
        return None
    odds = np.exp((correlations - correlations[best]) / _SHARPNESS)
    return Tonality(KEYS[best], float(1 / odds.sum()))


def chroma_of(samples: Array, rate: int) -> Profile | None:
    """(12,), how much of each tone there is, from C upwards, in sum 1; None where there are no tones."""
    magnitudes, hertz = _spectra(samples, rate)
    lowest = int(_LOWEST_HZ / hertz)
    frames, bins = _peaks(magnitudes, lowest)
    if not len(bins):
        return None
    strength, at = _between_bins(magnitudes, frames, bins)
    tones = 12 * np.log2(at * hertz / _C0_HZ)
    heard = np.sqrt(strength)
    tones = tones - _mistuning(tones, heard)
    loudest = np.sqrt(magnitudes[:, lowest:].max(axis=1))[frames]
    return _folded(tones, heard / loudest)


def _spectra(samples: Array, rate: int) -> tuple[Array, float]:
    """Magnitudes (frames, bins) of windows side by side, and the width of a bin in Hz."""
    thinning = max(1, rate // _THINNED_HZ)
    whole = samples[: len(samples) // thinning * thinning]
    thinned = whole[::thinning].copy()
    for at in range(1, thinning):
        thinned += whole[at::thinning]
    size = 1 << round(np.log2(_WINDOW_S * rate / thinning))
    if len(thinned) < size:
        thinned = np.pad(thinned, (0, size - len(thinned)))
    frames = np.lib.stride_tricks.sliding_window_view(thinned, size)[::size]
    window = np.hanning(size).astype(np.float32)
    width = rate / thinning / size
    bins = int(_HIGHEST_HZ / width) + 2
    magnitudes = np.empty((len(frames), bins), np.float32)
    for number, frame in enumerate(frames):
        magnitudes[number] = np.abs(np.fft.rfft(frame * window)[:bins])
    return magnitudes, width


def _peaks(magnitudes: Array, lowest: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Frames and bins of local maxima from bin `lowest` on that are no more than 40 dB below the loudest of the frame.

    What lies lower counts beside them: its slope is no maximum where the range begins, nor are its ripples tones.
    """
    inner = magnitudes[:, 1:-1]
    is_peak = (inner > magnitudes[:, :-2]) & (inner >= magnitudes[:, 2:])
    is_peak &= inner > np.maximum(0.01 * magnitudes.max(axis=1, keepdims=True), 1e-4)
    is_peak[:, : max(0, lowest - 1)] = False
    frames, bins = np.nonzero(is_peak)
    return frames, bins + 1


def _between_bins(
    magnitudes: Array, frames: npt.NDArray[np.intp], bins: npt.NDArray[np.intp]
) -> tuple[Profile, Profile]:
    """Magnitude of each peak, and where it lies, in bins: by the parabola through three logarithms (Smith and Serra
    1987)."""
    tiny = np.float32(1e-9)
    before, at, after = (np.log(magnitudes[frames, bins + step] + tiny).astype(np.float64) for step in (-1, 0, 1))
    curved = np.minimum(before - 2 * at + after, -1e-9)
    shift = np.clip(0.5 * (before - after) / curved, -0.5, 0.5)
    return np.exp(at), bins + shift


def _mistuning(tones: Profile, heard: Profile) -> float:
    """By how many semitones, -0.5 to 0.5, the tones lie above those of equal temperament at 440 Hz."""
    mean = (heard * np.exp(2j * np.pi * tones)).sum()
    return float(np.angle(mean) / (2 * np.pi))


def _folded(tones: Profile, heard: Profile) -> Profile:
    nearest = np.round(tones)
    weight = heard * np.cos(np.pi * (tones - nearest)) ** 2
    chroma = np.bincount(nearest.astype(np.intp) % 12, weight, 12)
    return np.asarray(chroma / chroma.sum())


def _profiles() -> Profile:
    """(24, 12): standardised profiles of `KEYS`."""
    rows = [np.roll(profile, tonic) for profile in (_MAJOR, _MINOR) for tonic in range(12)]
    table = np.array(rows)
    return np.asarray((table - table.mean(axis=1, keepdims=True)) / table.std(axis=1, keepdims=True))


_PROFILES = _profiles()
