"""Music in four clearly different styles, for where no real music can be had. Deterministic."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

_RATE_HZ = 22_050
Samples = npt.NDArray[np.float64]


def synthesise(folder: Path, *, seconds: int = 30, variants: int = 3) -> None:
    """Write `variants` pieces of each style as ``<style>/<title>.flac`` below `folder`; what is there is kept."""
    import soundfile  # only this fallback needs it here

    for style, compose in _STYLES.items():
        for variant in range(variants):
            path = folder / style / f"{style} {variant + 1}.flac"
            if path.exists():
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            samples = compose(np.random.default_rng([ord(style[0]), variant]), seconds)
            unfinished = path.with_suffix(".unfinished")
            soundfile.write(unfinished, 0.8 * samples / np.abs(samples).max(), _RATE_HZ, format="FLAC")
            unfinished.rename(path)


def _time(seconds: int) -> Samples:
    return np.arange(_RATE_HZ * seconds) / _RATE_HZ


def _pitch(semitones: float) -> float:
    """Hz of a note, counted from A3."""
    return float(220 * 2 ** (semitones / 12))


def _place(track: Samples, sound: Samples, at_s: float) -> None:
    start = int(at_s * _RATE_HZ)
    end = min(len(track), start + len(sound))
    track[start:end] += sound[: end - start]


def _drone(rng: np.random.Generator, seconds: int) -> Samples:
    """Slow chords of detuned sines."""
    t, root = _time(seconds), int(rng.integers(-8, 0))
    track = np.zeros_like(t)
    for interval in (0, 7, 12, 16, 19):
        swell = 0.5 + 0.5 * np.sin(2 * np.pi * t * rng.uniform(0.03, 0.1) + rng.uniform(0, 6))
        for detune in (-0.08, 0.08):
            track += swell * np.sin(2 * np.pi * _pitch(root + interval + detune) * t)
    return track


def _techno(rng: np.random.Generator, seconds: int) -> Samples:
    """Kick on every beat, hats between, a bass line."""
    track, beat = np.zeros_like(_time(seconds)), 60 / float(rng.uniform(126, 140))
    t = np.arange(int(0.25 * _RATE_HZ)) / _RATE_HZ
    kick = np.sin(2 * np.pi * 50 * t + 12 * np.exp(-30 * t)) * np.exp(-12 * t)
    hat = rng.standard_normal(int(0.05 * _RATE_HZ)) * np.exp(-np.linspace(0, 8, int(0.05 * _RATE_HZ)))
    notes = rng.integers(-24, -17, size=8)
    for step in range(int(seconds / beat)):
        _place(track, 1.5 * kick, step * beat)
        _place(track, 0.4 * hat, (step + 0.5) * beat)
        for half in (0.0, 0.5):
            tone = np.sign(np.sin(2 * np.pi * _pitch(int(notes[(2 * step) % 8])) * t)) * np.exp(-10 * t)
            _place(track, 0.3 * tone, (step + half) * beat)
    return track


def _chiptune(rng: np.random.Generator, seconds: int) -> Samples:
    """Fast square-wave arpeggios."""
    track, step = np.zeros_like(_time(seconds)), float(rng.uniform(0.07, 0.1))
    t = np.arange(int(step * _RATE_HZ)) / _RATE_HZ
    chords = [rng.integers(0, 12) + np.array([0, 4, 7, 12]) for _ in range(4)]
    for number in range(int(seconds / step)):
        chord = chords[(number // 16) % 4]
        wave = np.sign(np.sin(2 * np.pi * _pitch(int(chord[number % 4]) + 12) * t))
        _place(track, 0.5 * wave, number * step)
        if number % 4 == 0:
            _place(track, 0.5 * np.sign(np.sin(2 * np.pi * _pitch(int(chord[0]) - 12) * t)), number * step)
    return track


def _strings(rng: np.random.Generator, seconds: int) -> Samples:
    """Plucked strings (Karplus and Strong 1983)."""
    track, scale = np.zeros_like(_time(seconds)), np.array([0, 2, 4, 7, 9, 12, 14])
    at = 0.0
    while at < seconds - 2:
        period = int(_RATE_HZ / _pitch(int(rng.choice(scale))))
        burst = rng.uniform(-1, 1, period)
        rounds = []
        for _ in range(int(2 * _RATE_HZ / period)):
            rounds.append(burst)
            burst = 0.498 * (burst + np.roll(burst, 1))
        _place(track, np.concatenate(rounds), at)
        at += float(rng.choice([0.2, 0.4, 0.4, 0.8]))
    return track


_STYLES: dict[str, Callable[[np.random.Generator, int], Samples]] = {
    "Drone": _drone,
    "Techno": _techno,
    "Chiptune": _chiptune,
    "Strings": _strings,
}
