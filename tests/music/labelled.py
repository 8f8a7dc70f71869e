"""Music whose tempo and key are known because it was written so: drum loops, and progressions in several timbres."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
Sound = npt.NDArray[np.float64]

RATE = 16_000
SECONDS = 30.0

_PATTERNS = {
    # Sixteenths of a bar: kick, snare, hat.
    "four on the floor": ((0, 4, 8, 12), (4, 12), (2, 6, 10, 14)),
    "rock": ((0, 8, 10), (4, 12), (0, 2, 4, 6, 8, 10, 12, 14)),
    "break": ((0, 2, 10), (4, 12, 15), (0, 2, 4, 6, 8, 10, 12, 14)),
    "half time": ((0, 10), (8,), (0, 2, 4, 6, 8, 10, 12, 14)),
    "bossa": ((0, 6, 8, 14), (0, 3, 6, 10, 12), (0, 2, 4, 6, 8, 10, 12, 14)),
    "hip hop": ((0, 7, 10), (4, 12), tuple(range(0, 16, 2))),
    "reggaeton": ((0, 4, 8, 12), (3, 6, 11, 14), ()),
    "clicks": ((), (0, 4, 8, 12), ()),
}


@dataclass(frozen=True, slots=True)
class Loop:
    """A drum loop at a known tempo."""

    name: str
    bpm: float
    samples: Samples


@dataclass(frozen=True, slots=True)
class Piece:
    """A progression in a known key."""

    name: str
    key: str
    samples: Samples


def loops(count: int, seed: int = 7) -> Iterator[Loop]:
    """`count` loops from 60 to 180 BPM, some with a bass, a swing, a hand that is not quite in time, and noise."""
    dice = np.random.default_rng(seed)
    for number in range(count):
        name = list(_PATTERNS)[number % len(_PATTERNS)]
        bpm = float(np.round(dice.uniform(60, 180), 1))
        yield Loop(f"{name} {bpm}", bpm, _loop(name, bpm, dice))


def _loop(name: str, bpm: float, dice: np.random.Generator) -> Samples:
    track = np.zeros(round(SECONDS * RATE))
    step = 60 / bpm / 4
    kicks, snares, hats = _PATTERNS[name]
    late, swing = dice.uniform(0, 0.008), dice.choice([0.0, 0.0, 0.12])
    sounds = (_kick(dice), _snare(dice), _hat(dice))
    line = dice.integers(-12, 3, 8)
    for bar in range(int(SECONDS / (16 * step)) + 1):
        for hits, sound in zip((kicks, snares, hats), sounds, strict=True):
            for hit in hits:
                at = (16 * bar + hit + (swing if hit % 4 == 2 else 0)) * step + dice.normal(0, late)
                _add(track, at, dice.uniform(0.6, 1) * sound)
        if list(_PATTERNS).index(name) % 2:
            for eighth in range(0, 16, 4):
                hertz = 55 * 2 ** (line[eighth // 2] / 12)
                _add(track, (16 * bar + eighth) * step, 0.4 * tone(hertz, 2 * step, "bass"))
    track += dice.normal(0, 10 ** dice.uniform(-4, -2), len(track))
    return _loud(track)


_PROGRESSIONS = {
    "major": ((0, 5, 7, 0), (0, 7, 9, 5), (0, 9, 5, 7), (2, 7, 0, 0), (0, 5, 0, 7)),
    "minor": ((0, 5, 7, 0), (0, 8, 3, 10), (0, 10, 8, 7), (0, 3, 10, 5), (0, 5, 10, 3)),
}
_TRIADS = {
    # By the root, counted from the tonic: whether its third is minor.
    "major": {0: 4, 2: 3, 4: 3, 5: 4, 7: 4, 9: 3},
    "minor": {0: 3, 3: 4, 5: 3, 7: 4, 8: 4, 10: 4},
}
_SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
_TONICS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
TIMBRES = ("organ", "pluck", "strings", "square")


def pieces(count: int, seed: int = 11) -> Iterator[Piece]:
    """`count` progressions in all keys: chords, a bass, a melody out of the scale, drums in half of them, mistuned."""
    dice = np.random.default_rng(seed)
    for number in range(count):
        mode = ("major", "minor")[number % 2]
        tonic, timbre = int(dice.integers(12)), TIMBRES[number % len(TIMBRES)]
        chords = _PROGRESSIONS[mode][int(dice.integers(5))]
        yield Piece(
            f"{number} {timbre} {chords}", f"{_TONICS[tonic]} {mode}", _piece(tonic, mode, timbre, chords, dice)
        )


def _piece(tonic: int, mode: str, timbre: str, chords: tuple[int, ...], dice: np.random.Generator) -> Samples:
    track, beat = np.zeros(round(SECONDS * RATE)), 60 / dice.uniform(80, 140)
    tuning, drums = 2 ** (dice.uniform(-0.3, 0.3) / 12), dice.random() < 0.5
    root_hz = 130.81 * tuning
    for number in range(int(SECONDS / (4 * beat)) + 1):
        root, at = chords[number % len(chords)], 4 * beat * number
        for interval in (0, _TRIADS[mode][root], 7):
            _add(track, at, 0.3 * tone(root_hz * 2 ** ((tonic + root + interval) / 12), 4 * beat, timbre))
        for quarter in range(4):
            _add(track, at + quarter * beat, 0.6 * tone(root_hz / 2 * 2 ** ((tonic + root) / 12), beat, "bass"))
            if dice.random() < 0.7:
                step = int(dice.choice(_SCALES[mode]))
                _add(track, at + quarter * beat, 0.3 * tone(2 * root_hz * 2 ** ((tonic + step) / 12), beat, "pluck"))
            if drums:
                _add(track, at + quarter * beat, 0.7 * (_snare(dice) if quarter % 2 else _kick(dice)))
    return _loud(track)


_PARTIALS = {
    "organ": (1, 0.8, 0.5, 0.4, 0.1, 0.3, 0.05, 0.2),
    "pluck": (1, 0.6, 0.4, 0.3, 0.2, 0.1),
    "strings": tuple(1 / n for n in range(1, 16)),
    "square": tuple(1 / n if n % 2 else 0 for n in range(1, 16)),
    "bass": (1, 0.7, 0.4, 0.2),
}
_DECAY = {"pluck": 4.0, "bass": 2.0}


def tone(hertz: float, seconds: float, timbre: str) -> Sound:
    """A note."""
    t = np.arange(round(seconds * RATE)) / RATE
    vibrato = 0.3 * np.sin(2 * np.pi * 5.5 * t) if timbre == "strings" else 0
    turning = np.exp(1j * (2 * np.pi * hertz * t + vibrato))  # its n-th power is the n-th partial, by Horner's scheme
    sound = np.zeros(len(t), np.complex128)
    for share in reversed([share for n, share in enumerate(_PARTIALS[timbre], 1) if n * hertz < RATE / 2]):
        sound = (sound + share) * turning
    edge = np.minimum(1, np.minimum(t, seconds - t) / 0.01)
    return np.asarray(sound.imag * np.exp(-_DECAY.get(timbre, 0) * t) * edge * 0.3)


def _kick(dice: np.random.Generator) -> Sound:
    t = np.arange(round(0.3 * RATE)) / RATE
    return np.asarray(np.sin(2 * np.pi * dice.uniform(45, 60) * t + 10 * np.exp(-30 * t)) * np.exp(-12 * t))


def _snare(dice: np.random.Generator) -> Sound:
    t = np.arange(round(0.2 * RATE)) / RATE
    body = np.sin(2 * np.pi * dice.uniform(170, 220) * t) * np.exp(-25 * t)
    return np.asarray(0.5 * body + 0.4 * dice.normal(0, 1, len(t)) * np.exp(-20 * t))


def _hat(dice: np.random.Generator) -> Sound:
    t = np.arange(round(0.05 * RATE)) / RATE
    return np.asarray(0.3 * dice.normal(0, 1, len(t)) * np.exp(-80 * t))


def _add(track: Sound, at_s: float, sound: Sound) -> None:
    start = max(0, round(at_s * RATE))
    track[start : start + len(sound)] += sound[: max(0, len(track) - start)]


def _loud(track: Sound) -> Samples:
    return np.asarray(0.8 * track / np.abs(track).max(), np.float32)
