"""A piece of music that nobody owns: the same samples wherever it is played."""

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

_BEAT_S = 60 / 112
_CHORDS = ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14))  # semitones above A2
_A2_HZ = 110.0
_HARMONICS = (1.0, 0.5, 0.33, 0.25, 0.12)
_BREAK = (16, 22)  # beats without drums


def invented(seconds: float, rate: int) -> Samples:
    """(n, 2) samples: plucked chords, a bass, and drums with a break; the right channel hears a little less of them."""
    melody, drums = np.zeros((2, round(seconds * rate)))
    dice = np.random.default_rng(11)
    hat = (dice.random(round(0.06 * rate)) - 0.5) * np.exp(-np.linspace(0, 7, round(0.06 * rate)))
    for beat in range(int(seconds / _BEAT_S) + 1):
        chord, at = _CHORDS[beat // 4 % len(_CHORDS)], beat * _BEAT_S
        note = chord[beat % len(chord)] + 12 * (beat % 5 == 0)
        _add(melody, at, rate, 0.5 * _pluck(note + 12, 1.2, rate))
        if beat % 2 == 0:
            _add(melody, at, rate, _pluck(chord[0] - 12, 0.9, rate))
        if not _BREAK[0] <= beat % 32 < _BREAK[1]:
            _add(drums, at, rate, 1.5 * _kick(rate))
            _add(drums, at + _BEAT_S / 2, rate, 0.25 * hat)
    both = np.stack([melody + drums, 0.7 * melody + drums], axis=1)
    loud: Samples = (0.8 * both / np.abs(both).max()).astype(np.float32)
    return loud


def _pluck(semitones: float, seconds: float, rate: int) -> npt.NDArray[np.float64]:
    t = np.arange(round(seconds * rate)) / rate
    hertz = _A2_HZ * 2 ** (semitones / 12)
    tone = sum(
        share * np.sin(2 * np.pi * n * hertz * t) for n, share in enumerate(_HARMONICS, 1) if n * hertz < rate / 2
    )
    return np.asarray(tone * np.exp(-4 * t))


def _kick(rate: int) -> npt.NDArray[np.float64]:
    t = np.arange(round(0.25 * rate)) / rate
    return np.asarray(np.sin(2 * np.pi * 50 * t + 10 * np.exp(-30 * t)) * np.exp(-14 * t))


def _add(track: npt.NDArray[np.float64], at_s: float, rate: int, sound: npt.NDArray[np.float64]) -> None:
    start = round(at_s * rate)
    room = max(0, len(track) - start)
    track[start : start + len(sound)] += sound[:room]
