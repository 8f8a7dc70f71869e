"""Key and mode of progressions whose key is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.keys import KEYS, Key
from extractor.music.key import chroma_of, key_of, key_of_chroma
from tests.music.labelled import RATE, Piece, pieces, tone

_MAJOR = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)


def weighted(wanted: Key, got: Key | None) -> float:
    """As MIREX counts audio key detection: a fifth is half right, the relative 0.3, the parallel 0.2."""
    if got is None:
        return 0.0
    (tonic, mode), (other, other_mode) = ((KEYS.index(key) % 12, KEYS.index(key) // 12) for key in (wanted, got))
    if mode == other_mode:
        return 1.0 if tonic == other else 0.5 if (other - tonic) % 12 in (5, 7) else 0.0
    relative = (tonic + (9 if mode == 0 else 3)) % 12
    return 0.3 if other == relative else 0.2 if other == tonic else 0.0


@pytest.fixture(scope="module")
def progressions() -> list[Piece]:
    """To play them takes a hundred times as long as to hear their keys."""
    return list(pieces(24))


def test_progressions_have_their_key_as_often_as_mirex_would_like(progressions: list[Piece]) -> None:
    found = [key_of(piece.samples, RATE) for piece in progressions]
    scores = [weighted(Key(one.key), key.key if key else None) for one, key in zip(progressions, found, strict=True)]
    assert np.mean(scores) >= 0.7


@pytest.mark.parametrize("cents", [-40, 0, 40])
def test_what_is_tuned_otherwise_has_the_same_tones(cents: float) -> None:
    a4 = 440 * 2 ** (cents / 1200)
    chord = sum(tone(a4 * 2 ** (semitones / 12), 5, "organ") for semitones in (0, 4, 7))
    chroma = chroma_of(np.asarray(chord, np.float32), RATE)
    assert chroma is not None
    assert set(np.argsort(-chroma)[:3].tolist()) == {9, 1, 4}, "A, C#, E"


@pytest.mark.parametrize("rate", [12_000, 16_000, 32_000])
def test_tones_are_heard_at_any_rate(rate: int) -> None:
    t = np.arange(5 * rate) / rate
    chroma = chroma_of(np.sin(2 * np.pi * 261.63 * t).astype(np.float32), rate)
    assert chroma is not None
    assert chroma.argmax() == 0
    assert chroma[0] > 0.9


def test_noise_and_silence_are_in_no_key() -> None:
    assert key_of(np.random.default_rng(0).normal(0, 0.1, 10 * RATE).astype(np.float32), RATE) is None
    assert key_of(np.zeros(RATE, np.float32), RATE) is None


@pytest.mark.parametrize("hertz", [0, 30, 41, 50, 55])
def test_what_lies_below_the_tones_is_no_tone(hertz: float) -> None:
    """A filter's edge would be one: a C, at 65 Hz."""
    t = np.arange(10 * RATE) / RATE
    kick = 0.8 * np.cos(2 * np.pi * hertz * t) * np.exp(-6 * (t % 0.5))
    assert key_of(kick.astype(np.float32), RATE) is None


def test_a_kick_below_the_tones_moves_no_key(progressions: list[Piece]) -> None:
    t = np.arange(len(progressions[0].samples)) / RATE
    kick = (0.8 * np.sin(2 * np.pi * 41 * t) * np.exp(-6 * (t % 0.5))).astype(np.float32)
    found = [key_of(0.3 * piece.samples + kick, RATE) for piece in progressions]
    scores = [weighted(Key(one.key), key.key if key else None) for one, key in zip(progressions, found, strict=True)]
    assert np.mean(scores) >= 0.7


@settings(deadline=None)
@given(st.integers(0, 11), st.lists(st.floats(0, 1), min_size=12, max_size=12))
def test_a_piece_moved_by_semitones_has_its_key_moved_by_as_many(semitones: int, noise: list[float]) -> None:
    chroma = np.array(_MAJOR) + 0.2 * np.array(noise)
    first, moved = key_of_chroma(chroma), key_of_chroma(np.roll(chroma, semitones))
    if first is None or moved is None:
        assert first is moved is None
        return
    if first.confidence > 0.51:  # else two keys are as likely
        tonic, mode = KEYS.index(first.key) % 12, KEYS.index(first.key) // 12
        assert KEYS.index(moved.key) == 12 * mode + (tonic + semitones) % 12
    assert moved.confidence == pytest.approx(first.confidence)
    assert 1 / 24 <= first.confidence <= 1
