"""Tempo and pulse of loops whose tempo is known."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.music.tempo import Onsets, autocorrelation, onset_strength, onsets_of, pulse_of
from extractor.networks.mel import HOP, MelBank, log_compressed
from extractor.networks.model_files import load_model_files
from tests.model import model_dir
from tests.music.labelled import RATE, loops

FRAMES_PER_S = RATE / HOP


@cache
def bank() -> MelBank:
    return MelBank(load_model_files(Path(model_dir()), "musicnn-msd@1").filterbank)


def onsets(samples: np.ndarray) -> Onsets:
    return onsets_of(log_compressed(bank().power(samples)), FRAMES_PER_S)


def clicks(bpm: float, seconds: float = 30) -> Onsets:
    strength = np.zeros(round(seconds * FRAMES_PER_S), np.float32)
    strength[np.arange(0, seconds * FRAMES_PER_S - 1, 60 * FRAMES_PER_S / bpm).astype(int)] = 1
    return Onsets(strength, FRAMES_PER_S)


def test_most_loops_have_their_tempo_and_all_but_few_one_that_a_listener_could_count() -> None:
    """Accuracy 1 and 2 (Gouyon et al. 2006): within 4 %; for the second twice, half, three times or a third, too."""
    exact = counted = told = 0
    wanted = list(loops(24))
    for loop in wanted:
        found = pulse_of(onsets(loop.samples))
        assert found is not None
        ratio = (found.bpm or 0) / loop.bpm
        exact += abs(ratio - 1) < 0.04
        counted += any(abs(ratio * factor - 1) < 0.04 for factor in (1, 2, 1 / 2, 3, 1 / 3))
        told += any(abs((bpm or 0) / loop.bpm - 1) < 0.04 for bpm in (found.bpm, found.other_bpm))
    assert counted >= 0.9 * len(wanted)
    assert exact >= 0.6 * len(wanted)
    assert told >= exact


@settings(deadline=None, max_examples=25)
@given(st.floats(70, 170))
def test_clicks_have_their_tempo_or_twice_or_half_of_it_to_a_percent(bpm: float) -> None:
    found = pulse_of(clicks(bpm))
    assert found is not None
    assert found.bpm is not None
    assert any(abs(found.bpm * factor / bpm - 1) < 0.01 for factor in (1, 2, 0.5))
    assert 0 <= found.clarity <= 1
    if found.other_bpm:
        assert found.other_bpm / found.bpm in (0.5, 2.0)


def test_noise_and_a_held_tone_have_no_beat() -> None:
    dice = np.random.default_rng(0)
    for samples in (dice.normal(0, 0.1, 20 * RATE), np.sin(np.arange(20 * RATE) * 2 * np.pi * 220 / RATE)):
        found = pulse_of(onsets(samples.astype(np.float32)))
        assert found is not None
        assert found.bpm is None
        assert found.other_bpm is None


def test_a_steady_beat_is_clearer_than_one_in_noise() -> None:
    steady, dice = clicks(120), np.random.default_rng(0)
    noisy = Onsets(steady.strength + dice.random(len(steady.strength)).astype(np.float32), FRAMES_PER_S)
    clear, unclear = pulse_of(steady), pulse_of(noisy)
    assert clear is not None
    assert unclear is not None
    assert clear.clarity > unclear.clarity


def test_of_a_few_seconds_no_tempo_is_told() -> None:
    assert pulse_of(clicks(120, seconds=5)) is None


def test_silence_has_no_beat() -> None:
    found = pulse_of(Onsets(np.zeros(1000, np.float32), FRAMES_PER_S))
    assert found is not None
    assert (found.bpm, found.clarity) == (None, 0)


@pytest.mark.parametrize("seed", [793, 1129, 1172, 2336])
def test_a_wavering_pulse_has_a_tempo_that_music_may_have(seed: int) -> None:
    """Where the autocorrelation has a slope and no peak, the vertex of a parabola through it may lie anywhere."""
    random = np.random.default_rng(seed)
    strength = np.abs(random.standard_normal(int(random.integers(400, 1900)))).astype(np.float32)
    smoothed = np.convolve(strength, np.ones(int(random.integers(1, 30))), "same").astype(np.float32)
    found = pulse_of(Onsets(smoothed, FRAMES_PER_S))
    assert found
    assert found.bpm is None or 38 < found.bpm < 245


def test_an_onset_is_a_rise_and_nothing_else() -> None:
    mels = np.array([[0, 1], [1, 1], [0, 3]], np.float32)
    assert onset_strength(mels).tolist() == [0, 0.5, 1]


@pytest.mark.parametrize("n", [2, 100])
def test_the_autocorrelation_is_one_at_no_lag(n: int) -> None:
    assert autocorrelation(np.random.default_rng(n).normal(size=n))[0] == pytest.approx(1)
