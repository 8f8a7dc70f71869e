import struct

import numpy as np
import pytest
import soxr

from earshot.errors import AudioRejected
from extractor.audio.decode import decode
from tests.corpus import clips, hostile_cases, hostile_dir
from tests.fuzz.mutations import sample
from tests.unit.extractor.conftest import RATE, encoded, tone


def reason_of(data: bytes, min_seconds: float = 1.5) -> str:
    with pytest.raises(AudioRejected) as caught:
        decode(data, 16_000, min_seconds)
    return caught.value.reason


@pytest.mark.parametrize(("file", "expected"), hostile_cases().items())
def test_a_hostile_file_gets_what_it_must(file: str, expected: str) -> None:
    data = (hostile_dir() / file).read_bytes()
    if expected == "ok":
        assert decode(data, 16_000, 1.5).samples.std() > 1e-5
    else:
        assert reason_of(data)


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("zero_byte.mp3", "empty"),
        ("html_error.mp3", "undecodable"),
        ("random_bytes.mp3", "undecodable"),
        ("one_second.mp3", "too_short"),
        ("silence.mp3", "silent"),
        ("dc_only.wav", "silent"),
        ("wav_header_only.wav", "no_samples"),
        ("wav_rate_1hz.wav", "bad_sample_rate"),
        ("nan_float32.wav", "not_finite"),
    ],
)
def test_a_rejection_names_its_reason(file: str, reason: str) -> None:
    assert reason_of((hostile_dir() / file).read_bytes()) == reason


def test_stereo_becomes_the_plain_mean_of_its_channels_resampled_once() -> None:
    left, right = tone(), tone(level=0.1)[::-1].copy()
    got = decode(encoded(np.stack([left, right], axis=1)), 16_000, 1)
    want = soxr.resample((left + right) * np.float32(0.5), RATE, 16_000, quality="HQ")
    np.testing.assert_allclose(got.samples, want, atol=1e-6)


def test_six_channels_become_the_plain_mean() -> None:
    channels = np.stack([tone(level=level) for level in (0.6, 0, 0, 0, 0, 0)], axis=1)
    got = decode(encoded(channels, kind="FLAC", subtype="PCM_24"), RATE, 1)
    np.testing.assert_allclose(got.samples, tone(level=0.1), atol=1e-6)


def test_audio_at_the_wanted_rate_is_not_resampled() -> None:
    np.testing.assert_array_equal(decode(encoded(tone(rate=16_000), rate=16_000), 16_000, 1).samples, tone(rate=16_000))


def test_of_a_long_file_the_middle_thirty_seconds_are_used() -> None:
    ramp = tone(70, rate=8_000)
    got = decode(encoded(ramp, rate=8_000), 8_000, 1)
    assert got.seconds == 30
    np.testing.assert_array_equal(got.samples, ramp[20 * 8_000 : 50 * 8_000])


def test_a_preview_slightly_over_thirty_seconds_is_used_whole() -> None:
    assert decode(encoded(tone(30.04, rate=8_000), rate=8_000), 8_000, 1).seconds == pytest.approx(30.04)


def test_a_header_that_promises_hours_falls_back_to_what_is_there() -> None:
    data = bytearray(encoded(tone(5), subtype="PCM_16"))
    at = data.index(b"data") + 4
    data[at : at + 4] = struct.pack("<I", 0x7FFFFFF0)
    assert decode(bytes(data), 16_000, 1).seconds == pytest.approx(5, abs=0.01)


@pytest.mark.parametrize("name", ["flac", "mp3", "opus", "vorbis"])
def test_of_a_torn_file_the_part_before_the_damage_is_used(name: str) -> None:
    whole = sample(name)
    assert 1.5 < decode(whole[: len(whole) * 3 // 4], 16_000, 1.5).seconds < 3.6


def test_damaged_packets_of_an_m4a_file_are_passed_over() -> None:
    whole = sample("m4a")
    at = len(whole) // 2
    assert 3 < decode(whole[:at] + bytes(2_000) + whole[at + 2_000 :], 16_000, 1.5).seconds < 4.1


def test_damage_in_the_middle_of_a_long_file_leaves_its_beginning() -> None:
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, 70 * 8_000).astype(np.float32)
    data = encoded(noise, rate=8_000, kind="FLAC", subtype="PCM_16")
    at = len(data) // 2
    assert decode(data[:at] + bytes(3_000) + data[at + 3_000 :], 8_000, 1.5).seconds == 30
    assert 10 < decode(data[: len(data) * 2 // 7], 8_000, 1.5).seconds <= 20


def test_damage_before_the_least_audio_is_named_as_damage() -> None:
    data = sample("flac")
    assert reason_of(data[: len(data) // 4]) == "undecodable"


def test_a_flac_stream_of_unknown_length_is_read() -> None:
    data = bytearray(encoded(tone(40), kind="FLAC", subtype="PCM_16"))
    data[21] &= 0xF0  # the 36 bits of the total in STREAMINFO
    data[22:26] = bytes(4)
    assert decode(bytes(data), 16_000, 1).seconds == 30


def test_mp3_in_an_mp4_container_is_read() -> None:
    assert decode(sample("mp3_in_mp4"), 16_000, 1).seconds > 3


def test_a_variable_bit_rate_file_without_a_length_is_read_to_its_end() -> None:
    assert decode((hostile_dir() / "vbr_no_xing.mp3").read_bytes(), 16_000, 1).seconds > 29.9


def test_an_m4a_file_is_read_and_sounds_like_its_mp3() -> None:
    mp3, m4a = (
        decode((hostile_dir() / name).read_bytes(), 16_000, 1).samples
        for name in ("ok_ref_44k_stereo.mp3", "itunes_like.m4a")
    )
    length = min(len(mp3), len(m4a)) - 1_000
    # Either encoder may leave a delay of some samples.
    assert max(np.corrcoef(mp3[500:length], m4a[500 + lag : length + lag])[0, 1] for lag in range(-30, 30)) > 0.98


@pytest.mark.parametrize("rate", [1_000, 500_000])
def test_a_sample_rate_out_of_bounds_is_refused_before_reading(rate: int) -> None:
    assert reason_of(encoded(tone(1, rate=1_000), rate=rate)) == "bad_sample_rate"


def test_many_channels_are_refused() -> None:
    assert reason_of(encoded(np.ones((1_000, 17), np.float32) * 0.1)) == "bad_channels"


def test_integers_mislabelled_as_floats_are_refused() -> None:
    assert reason_of(encoded(tone() * np.float32(32_768))) == "out_of_range"


def test_one_infinite_sample_is_enough_to_refuse() -> None:
    samples = tone()
    samples[50_000] = np.inf
    assert reason_of(encoded(samples)) == "not_finite"


def test_dither_is_silence() -> None:
    noise = np.random.default_rng(0).uniform(-1 / 32_768, 1 / 32_768, 4 * RATE).astype(np.float32)
    assert reason_of(encoded(noise)) == "silent"


def test_a_format_outside_the_list_is_refused() -> None:
    assert reason_of(encoded(tone(), kind="VOC", subtype="PCM_16")) == "unsupported_format"


def test_clips_of_music_are_decoded_to_their_full_length() -> None:
    assert all(decode(clip.path.read_bytes(), 16_000, 1).seconds > 29.9 for clip in clips()[::10])
