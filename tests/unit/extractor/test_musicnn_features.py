import numpy as np
import pytest

from extractor.audio.decode import decode
from extractor.networks.musicnn import MusicnnMsd, drift, patches
from tests.corpus import clips
from tests.unit.extractor.conftest import tone


def test_patches_follow_one_another_and_the_rest_is_left_out() -> None:
    spectrogram = np.arange(187 * 2 + 100, dtype=np.float32)[:, None].repeat(3, axis=1)
    first, second = patches(spectrogram)
    assert (first[0, 0], first[-1, 0], second[0, 0], second[-1, 0]) == (0, 186, 187, 373)


def test_a_short_clip_repeats_its_spectrogram() -> None:
    spectrogram = np.arange(100, dtype=np.float32)[:, None]
    (only,) = patches(spectrogram)
    assert only.shape == (187, 1)
    assert (only[99, 0], only[100, 0], only[186, 0]) == (99, 0, 86)


def test_drift_is_the_first_half_minus_the_second() -> None:
    features = np.array([[1], [3], [10], [20]], np.float32)
    assert drift(features) == pytest.approx(2 - 15)


def test_of_an_odd_number_of_patches_the_middle_one_counts_to_the_second_half() -> None:
    assert drift(np.array([[1], [3], [5]], np.float32)) == pytest.approx(1 - 4)


def test_a_single_patch_has_no_drift() -> None:
    assert (drift(np.ones((1, 624), np.float32)) == 0).all()


def test_features_are_624_numbers_and_fifty_tags_likeliest_first(network: MusicnnMsd) -> None:
    features = network.features(tone(4, rate=16_000))
    assert features.embedding.embedding.shape == features.embedding.drift.shape == (624,)
    probabilities = [tag.probability for tag in features.tags]
    assert len(probabilities) == 50
    assert probabilities == sorted(probabilities, reverse=True)
    assert all(0 <= probability <= 1 for probability in probabilities)


def test_the_same_clip_gives_the_same_features(network: MusicnnMsd) -> None:
    samples = decode(clips()[0].path.read_bytes(), network.rate, network.min_seconds).samples
    first, second = (network.features(samples).embedding for _ in range(2))
    np.testing.assert_array_equal(first.embedding, second.embedding)


def test_features_do_not_write_into_the_samples(network: MusicnnMsd) -> None:
    samples = tone(4, rate=16_000)
    network.features(samples)
    np.testing.assert_array_equal(samples, tone(4, rate=16_000))
