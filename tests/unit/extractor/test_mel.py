import librosa
import numpy as np
import pytest

from extractor.mel import MelBank, log_compressed
from tests.unit.extractor.conftest import tone


def bank(rate: int = 16_000) -> tuple[MelBank, np.ndarray]:
    filterbank = librosa.filters.mel(sr=rate, n_fft=512, n_mels=96, htk=False, norm="slaney")
    return MelBank(filterbank), filterbank


@pytest.mark.filterwarnings("ignore:n_fft=512 is too large")
@pytest.mark.parametrize("length", [1, 255, 256, 511, 512, 16_000, 70_001])
def test_the_spectrogram_is_librosas(length: int) -> None:
    samples = tone(5, rate=16_000)[:length] + np.random.default_rng(0).normal(0, 0.01, length).astype(np.float32)
    got = bank()[0].power(samples)
    want = librosa.feature.melspectrogram(
        y=samples, sr=16_000, n_fft=512, hop_length=256, n_mels=96, center=True, pad_mode="constant", power=2
    ).T
    assert got.shape == want.shape
    np.testing.assert_allclose(got, want, rtol=2e-4, atol=1e-7)


def test_the_spectrogram_is_float32() -> None:
    assert bank()[0].power(tone(1, rate=16_000)).dtype == np.float32


def test_compression_neither_overflows_nor_goes_below_zero() -> None:
    mels = np.array([[0.0, 1e-9, 1.0, 1e7]], np.float32)
    np.testing.assert_allclose(
        log_compressed(mels.copy()), np.log10(1 + 1e4 * mels.astype(float)), rtol=1e-5, atol=1e-6
    )


def test_padding_shifts_the_frames() -> None:
    mels, samples = bank(12_000)[0], tone(1, rate=12_000)
    assert len(mels.power(samples, (208, 208))) == (len(samples) + 416 - 512) // 256 + 1
    assert not np.allclose(mels.power(samples, (208, 208))[3], mels.power(samples, (0, 416))[3])
