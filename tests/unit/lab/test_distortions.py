"""Distortions do what their names say."""

from collections.abc import Callable

import numpy as np
import pytest

from lab.distortions import DISTORTIONS, pink, white, with_noise
from lab.encoding import RATE, Samples

SECONDS = 2
MOST_LEFT_OUT_S = 0.005
"""At the end, of the last overlap."""


def sine(hertz: float) -> Samples:
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(SECONDS * RATE) / RATE)).astype(np.float32)


def loudest_hertz(samples: Samples) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * RATE / len(samples))


def rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))


@pytest.mark.parametrize(("name", "semitones"), [("+1 semitone", 1), ("-1 semitone", -1)])
def test_a_semitone_is_a_semitone(name: str, semitones: int) -> None:
    found = DISTORTIONS[name](sine(440))
    assert 12 * np.log2(loudest_hertz(found) / 440) == pytest.approx(semitones, abs=0.05)
    assert len(found) / RATE == pytest.approx(SECONDS, abs=MOST_LEFT_OUT_S)


@pytest.mark.parametrize(("name", "speed"), [("tempo +5 %", 1.05), ("tempo -5 %", 0.95)])
def test_another_tempo_is_another_length_and_the_same_pitch(name: str, speed: float) -> None:
    found = DISTORTIONS[name](sine(440))
    assert len(found) / RATE == pytest.approx(SECONDS / speed, abs=MOST_LEFT_OUT_S)
    assert loudest_hertz(found) == pytest.approx(440, abs=2)


def test_quieter_by_twenty_decibels_is_a_tenth() -> None:
    assert rms(DISTORTIONS["-20 dB"](sine(440))) == pytest.approx(rms(sine(440)) / 10, rel=1e-3)


@pytest.mark.parametrize("make", [white, pink])
def test_noise_lies_ten_decibels_below_the_music(make: Callable[[int], np.ndarray]) -> None:
    music = sine(440)
    noisy = with_noise(music, make(len(music)), 10)
    noise = noisy - music
    assert 20 * np.log10(rms(music) / rms(noise)) == pytest.approx(10, abs=0.1)


def test_white_noise_is_flat_and_pink_noise_falls_by_three_decibels_an_octave() -> None:
    def octaves(noise: Samples) -> float:
        power = np.abs(np.fft.rfft(noise)) ** 2
        hertz = np.fft.rfftfreq(len(noise), 1 / RATE)
        low, high = (power[(hertz >= edge) & (hertz < 2 * edge)].mean() for edge in (500, 4000))
        return float(10 * np.log10(high / low) / 3)

    assert octaves(white(4 * RATE)) == pytest.approx(0, abs=0.3)  # type: ignore[arg-type]
    assert octaves(pink(4 * RATE)) == pytest.approx(-3, abs=0.3)  # type: ignore[arg-type]


def test_a_telephone_lets_through_what_is_spoken() -> None:
    telephone = DISTORTIONS["telephone"]
    assert rms(telephone(sine(1000))) == pytest.approx(rms(sine(1000)), rel=0.05)
    assert rms(telephone(sine(80))) < 0.05 * rms(sine(80))
    assert rms(telephone(sine(9000))) < 0.05 * rms(sine(9000))


def test_nothing_is_louder_than_full_scale() -> None:
    loud = np.sign(sine(440))
    assert all(np.abs(distort(loud)).max() <= 1 for name, distort in DISTORTIONS.items() if name[0] not in "+-t")


@pytest.mark.parametrize("name", DISTORTIONS)
def test_of_a_few_milliseconds_little_or_nothing_is_left(name: str) -> None:
    """A clip may begin just before its file ends: that is told as one that cannot be heard, by whoever hears it."""
    assert len(DISTORTIONS[name](sine(440)[:300])) <= 330
