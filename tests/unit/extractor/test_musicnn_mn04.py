"""`musicnn-mn04@2`: what it hears of a clip, golden numbers, and audio of any length."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import soxr

from extractor.networks.kaldi_mel import KaldiMels
from extractor.networks.model_files import load_model_files
from extractor.networks.musicnn import MusicnnMsd, drift
from extractor.networks.musicnn_mn04 import MusicnnMn04, segments
from tests.model import mn04_model_dir

from .conftest import tone

RATE = 32_000
STRIDES = {"block6": 8, "block12": 16}
GOLDEN = Path(__file__).parents[2] / "golden" / "mn04.npz"


@pytest.fixture(scope="module")
def both() -> MusicnnMn04:
    return MusicnnMn04(mn04_model_dir())


@pytest.fixture(scope="module")
def mels() -> KaldiMels:
    return KaldiMels(load_model_files(mn04_model_dir(), "musicnn-mn04@2").filterbank)


def sweep() -> np.ndarray:
    """Twelve seconds of a sweep, a pulsed square wave and noise."""
    t = np.arange(RATE * 12) / RATE
    noise = np.random.default_rng(0).standard_normal(len(t))
    pulses = np.sign(np.sin(2 * np.pi * 110 * t)) * (np.floor(t * 4) % 2)
    samples = 0.3 * np.sin(2 * np.pi * (200 * t + 150 * t * t)) + 0.2 * pulses + 0.05 * noise
    return np.asarray(samples, np.float32)


def test_the_golden_numbers_are_met(both: MusicnnMn04, mels: KaldiMels) -> None:
    """By an implementation that is not this one, whose maps are PyTorch's to within 2e-5."""
    rows = both.hear(mels.log_mels(sweep()))
    with np.load(GOLDEN) as golden:
        np.testing.assert_allclose(rows.mean(axis=0), golden["embedding"], atol=2e-4)
        np.testing.assert_allclose(drift(rows), golden["drift"], atol=2e-4)


@pytest.mark.parametrize("frames", [300, 984])
def test_maps_are_heard_as_the_means_of_their_halves(both: MusicnnMn04, mels: KaldiMels, frames: int) -> None:
    """A short segment is not halved; of an odd number of frames, 123 here, the last is left out."""
    spectrogram = mels.log_mels(sweep())[:frames]
    session = onnxruntime.InferenceSession(load_model_files(mn04_model_dir(), "musicnn-mn04@2").graph)
    each = {f"{block} spans": np.eye(-(-frames // stride), dtype=np.float32) for block, stride in STRIDES.items()}
    expected = []
    for found in session.run(None, {"mels": spectrogram[None], **each}):
        half = found.shape[3] // 2
        halves = (found[..., :half], found[..., half : 2 * half]) if frames > 400 else (found, found)
        expected.append([part.mean(axis=3).ravel() for part in halves])
    np.testing.assert_allclose(both.hear(spectrogram), np.concatenate(expected, axis=1), atol=1e-5)


def test_features_are_those_of_musicnn_and_640_more(both: MusicnnMn04) -> None:
    samples = tone(12.0, rate=RATE)
    found = both.features(samples)
    alone = MusicnnMsd(mn04_model_dir(), patch_step=2).features(soxr.resample(samples, RATE, 16_000))
    assert found.embedding.embedding.shape == found.embedding.drift.shape == (1264,)
    np.testing.assert_array_equal(found.embedding.embedding[:624], alone.embedding.embedding)
    np.testing.assert_array_equal(found.embedding.drift[:624], alone.embedding.drift)
    assert found.tags == alone.tags
    assert found.onsets
    assert alone.onsets
    np.testing.assert_array_equal(found.onsets.strength, alone.onsets.strength)


@pytest.mark.parametrize(
    ("frames", "lengths"),
    [(150, [300]), (400, [400]), (1000, [1000]), (1549, [1000]), (1550, [1000, 550]), (3000, [1000] * 3)],
)
def test_audio_is_heard_in_segments_of_ten_seconds(frames: int, lengths: list[int]) -> None:
    assert [len(part) for part in segments(np.zeros((frames, 128), np.float32))] == lengths


def test_the_shortest_audio_has_no_drift(both: MusicnnMn04) -> None:
    found = both.features(tone(1.5, rate=RATE)).embedding
    assert np.isfinite(found.embedding).all()
    assert not found.drift.any()


def test_a_spectrogram_in_blocks_is_the_formula(mels: KaldiMels) -> None:
    """One frame, written out: pre-emphasis, a window of 800 in the middle of 1024 samples, mels, logarithm."""
    samples, frame = sweep()[:RATE], 40
    emphasised = samples[1:].astype(np.float64) - 0.97 * samples[:-1]
    window = np.pad(np.hanning(800), 112)
    power = np.abs(np.fft.rfft(emphasised[frame * 320 - 512 : frame * 320 + 512] * window)) ** 2
    bank = load_model_files(mn04_model_dir(), "musicnn-mn04@2").filterbank
    expected = (np.log(bank @ power + 1e-5) + 4.5) / 5
    np.testing.assert_allclose(mels.log_mels(samples)[frame], expected, atol=1e-4)
