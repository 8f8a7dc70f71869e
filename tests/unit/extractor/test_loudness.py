"""Loudness against the signals of EBU Tech 3341 and 3342, synthesised, and against the filters of BS.1770."""

import io
from collections.abc import Sequence

import av
import numpy as np
import numpy.typing as npt
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.audio.decode import decode
from extractor.audio.loudness import Loudness, LoudnessMeter, loudness_of
from tests.music.invented import invented

Samples = npt.NDArray[np.float32]
_SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))


def sine(decibels: float, seconds: float, rate: int = 48_000, hertz: float = 1000.0, channels: int = 2) -> Samples:
    t = np.arange(round(seconds * rate)) / rate
    wave = 10 ** (decibels / 20) * np.sin(2 * np.pi * hertz * t)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


def after_each_other(*parts: tuple[float, float]) -> Samples:
    """Sines of so many decibels for so many seconds."""
    return np.concatenate([sine(decibels, seconds) for decibels, seconds in parts])


def measured(samples: Samples, rate: int = 48_000, block: int = 65_536) -> Loudness:
    meter = LoudnessMeter(rate, samples.shape[1])
    for start in range(0, len(samples), block):
        meter.add(samples[start : start + block])
    return meter.measured()


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("decibels", [-23.0, -33.0])
def test_a_sine_in_both_channels_is_as_loud_as_it_is_high(rate: int, decibels: float) -> None:
    """Tech 3341, cases 1 and 2."""
    assert measured(sine(decibels, 5, rate), rate).integrated == pytest.approx(decibels, abs=0.1)


def test_one_channel_alone_is_three_decibels_less() -> None:
    assert measured(sine(-20, 5, channels=1)).integrated == pytest.approx(-23, abs=0.1)


@pytest.mark.parametrize(
    "parts",
    [
        [(-36, 10), (-23, 60), (-36, 10)],
        [(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)],
        [(-26, 20), (-20, 20.1), (-26, 20)],
    ],
)
def test_what_is_far_below_the_rest_does_not_count(parts: Sequence[tuple[float, float]]) -> None:
    """Tech 3341, cases 3, 4 and 5."""
    assert measured(after_each_other(*parts)).integrated == pytest.approx(-23, abs=0.1)


def test_surround_counts_more_and_effects_do_not() -> None:
    """Tech 3341, case 6, with noise of nobody's in the channel of effects."""
    levels = (-28.0, -28.0, -24.0, 0.0, -30.0, -30.0)
    samples = np.concatenate([sine(level, 5, channels=1) for level in levels], axis=1)
    assert measured(samples).integrated == pytest.approx(-23, abs=0.1)


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        ([(-20, 20), (-30, 20)], 10),
        ([(-20, 20), (-15, 20)], 5),
        ([(-40, 20), (-20, 20)], 20),
        ([(-50, 20), (-35, 20), (-20, 20), (-35, 20), (-50, 20)], 15),
    ],
)
def test_the_range_is_that_of_the_signals_that_define_it(parts: Sequence[tuple[float, float]], wanted: float) -> None:
    """Tech 3342, cases 1 to 4."""
    assert measured(after_each_other(*parts)).range == pytest.approx(wanted, abs=1)


def _by_the_filters(samples: Samples) -> Loudness:
    filtered = scipy.signal.lfilter(*_HIGH_PASS, scipy.signal.lfilter(*_SHELF, samples, axis=0), axis=0)
    whole = len(filtered) // 4800
    return loudness_of((filtered[: whole * 4800] ** 2).reshape(whole, 4800, -1).mean(axis=1).sum(axis=1))


def test_music_is_as_loud_as_the_filters_of_the_standard_say() -> None:
    music = invented(10, 48_000)
    wanted, got = _by_the_filters(music), measured(music)
    assert wanted.integrated is not None
    assert wanted.range is not None
    assert got.integrated == pytest.approx(wanted.integrated, abs=0.1)
    assert got.range == pytest.approx(wanted.range, abs=0.2)


@pytest.mark.parametrize("hertz", [40.0, 100.0, 500.0, 2000.0, 4000.0, 6000.0, 8000.0, 12_000.0])
def test_every_frequency_weighs_what_the_filters_say(hertz: float) -> None:
    tone = sine(-20, 4, hertz=hertz)
    assert measured(tone).integrated == pytest.approx(_by_the_filters(tone).integrated, abs=0.15)


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 3), st.integers(500, 70_000), st.integers(1, 40_000))
def test_how_a_clip_is_cut_into_blocks_does_not_matter(channels: int, block: int, length: int) -> None:
    samples = np.random.default_rng(length).normal(0, 0.1, (length, channels)).astype(np.float32)
    whole, cut = measured(samples, 16_000, length), measured(samples, 16_000, block)
    assert (whole.integrated is None) == (cut.integrated is None) == (length < 6400)
    if whole.integrated is not None:
        assert cut.integrated == pytest.approx(whole.integrated, abs=1e-4)


def test_of_silence_nothing_is_said() -> None:
    assert measured(np.zeros((48_000, 2), np.float32)) == Loudness()


def test_too_short_a_clip_has_no_range() -> None:
    found = measured(sine(-20, 2.5))
    assert found.range is None
    assert found.integrated is not None


def test_channels_of_xiph_are_told_apart() -> None:
    """Opus has surround where WAV has effects, which do not count, and effects where WAV has surround."""
    silent = np.zeros(48_000 * 5, np.float32)
    surround = [silent, silent, silent, silent, sine(-20, 5, channels=1)[:, 0], silent]  # as FFmpeg orders them: WAV's
    found = decode(opus(np.stack(surround)), 16_000, 1).loudness.integrated
    assert found == pytest.approx(-23 + 1.5, abs=0.3)


def opus(samples: Samples) -> bytes:
    """A file of 5.1 at 48 kHz; samples (6, n)."""
    to = io.BytesIO()
    with av.open(to, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=48_000, layout="5.1")
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="5.1")
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return to.getvalue()
