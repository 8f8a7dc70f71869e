import numpy as np
import pytest

from extractor.networks.mel import MelBank, log_compressed
from extractor.networks.model_files import load_model_files
from tests.model import model_dir
from tests.unit.extractor.conftest import tone


@pytest.fixture(scope="module")
def filterbank() -> np.ndarray:
    """librosa's (tests/parity says so)."""
    return load_model_files(model_dir(), "musicnn-msd@1").filterbank


@pytest.mark.parametrize("length", [1, 255, 256, 511, 512, 16_000, 70_001])
def test_the_spectrogram_is_its_definition(filterbank: np.ndarray, length: int) -> None:
    samples = tone(5, rate=16_000)[:length] + np.random.default_rng(0).normal(0, 0.01, length).astype(np.float32)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512)
    padded = np.pad(samples.astype(np.float64), 256)
    power = [np.abs(np.fft.rfft(window * padded[at : at + 512])) ** 2 for at in range(0, length + 1, 256)]
    want = np.stack(power) @ filterbank.T
    got = MelBank(filterbank).power(samples)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, want, rtol=2e-4, atol=1e-7)


def test_compression_neither_overflows_nor_goes_below_zero() -> None:
    mels = np.array([[0.0, 1e-9, 1.0, 1e7]], np.float32)
    np.testing.assert_allclose(
        log_compressed(mels.copy()), np.log10(1 + 1e4 * mels.astype(float)), rtol=1e-5, atol=1e-6
    )


def test_padding_shifts_the_frames(filterbank: np.ndarray) -> None:
    mels, samples = MelBank(filterbank), tone(1, rate=12_000)
    assert len(mels.power(samples, (208, 208))) == (len(samples) + 416 - 512) // 256 + 1
    assert not np.allclose(mels.power(samples, (208, 208))[3], mels.power(samples, (0, 416))[3])
