"""Onset strength, its autocorrelation, tempo and chroma beside librosa's."""

import librosa
import numpy as np
import pytest

from extractor.music.key import chroma_of
from extractor.music.tempo import autocorrelation, onset_strength, onsets_of, pulse_of
from extractor.networks.mel import HOP, MelBank, log_compressed
from extractor.networks.model_files import load_model_files
from tests.model import model_dir
from tests.music.labelled import RATE, loops, pieces

Array = np.ndarray


@pytest.fixture(scope="module")
def spectrograms() -> list[Array]:
    """Of a few loops."""
    bank = MelBank(load_model_files(model_dir(), "musicnn-msd@1").filterbank)
    return [log_compressed(bank.power(loop.samples)) for loop in loops(4)]


def test_onset_strength_is_librosas(spectrograms: list[Array]) -> None:
    for mels in spectrograms:
        want = librosa.onset.onset_strength(S=mels.T, sr=RATE, hop_length=HOP, center=False)
        np.testing.assert_allclose(onset_strength(mels), want, atol=1e-5)


def test_the_autocorrelation_is_librosas_by_so_many_products_as_a_lag_has(spectrograms: list[Array]) -> None:
    for mels in spectrograms:
        curve = onset_strength(mels).astype(np.float64)
        want = librosa.autocorrelate(curve) / np.arange(len(curve), 0, -1)
        np.testing.assert_allclose(autocorrelation(curve), want / want[0], atol=1e-9)


def test_the_tempo_is_librosas_or_one_that_is_counted_otherwise(spectrograms: list[Array]) -> None:
    for mels in spectrograms:
        envelope = onset_strength(mels)
        want = float(librosa.feature.tempo(onset_envelope=envelope, sr=RATE, hop_length=HOP)[0])
        got = pulse_of(onsets_of(mels, RATE / HOP))
        assert got is not None
        assert got.bpm is not None
        assert min(abs(got.bpm * factor / want - 1) for factor in (1 / 3, 1 / 2, 2 / 3, 1, 3 / 2, 2, 3)) < 0.08


def test_the_same_tones_are_heard_as_by_librosa() -> None:
    for piece in pieces(4):
        chroma = librosa.feature.chroma_stft(y=piece.samples, sr=RATE, n_fft=8192, hop_length=4096).mean(axis=1)
        mine = chroma_of(piece.samples, RATE)
        assert mine is not None
        wanted = chroma - chroma.min()
        cosine = float(mine @ wanted / np.linalg.norm(mine) / np.linalg.norm(wanted))
        assert cosine > 0.85, piece.name
