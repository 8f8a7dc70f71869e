import io

import pytest
import soundfile

from extractor.audio.decode import decode
from extractor.audio.mp3 import with_frame_count
from tests.corpus import clips, hostile_dir
from tests.unit.extractor.conftest import encoded, tone


def frames_of(data: bytes) -> int:
    return int(soundfile.SoundFile(io.BytesIO(data)).frames)


def test_a_file_that_states_its_length_is_left_alone() -> None:
    data = clips()[0].path.read_bytes()
    assert with_frame_count(data) is data


@pytest.mark.parametrize("stated", [0, 1, 10])
def test_a_header_that_states_too_few_frames_is_not_believed(stated: int) -> None:
    data = bytearray(clips()[0].path.read_bytes())
    at = next(data.index(tag) for tag in (b"Xing", b"Info") if tag in data) + 8
    data[at : at + 4] = stated.to_bytes(4)
    assert frames_of(with_frame_count(bytes(data))) > 29.9 * 44_100
    assert decode(bytes(data), 16_000, 1.5).seconds > 29.9


def test_a_file_that_is_no_mp3_is_left_alone() -> None:
    data = encoded(tone(1))
    assert with_frame_count(data) is data


def test_every_frame_of_a_variable_bit_rate_file_is_counted() -> None:
    data = (hostile_dir() / "vbr_no_xing.mp3").read_bytes()
    assert frames_of(data) < 14 * 44_100, "libsndfile got better: this module may go"
    assert frames_of(with_frame_count(data)) > 29.9 * 44_100


def test_a_picture_before_the_audio_is_stepped_over() -> None:
    bare = (hostile_dir() / "vbr_no_xing.mp3").read_bytes()
    tag = b"ID3\x03\x00\x00" + bytes([0, 0, 7, 104]) + bytes(7 * 128 + 104)  # seven bits a byte
    assert frames_of(with_frame_count(tag + bare)) > 29.9 * 44_100


def test_foreign_bytes_between_the_frames_leave_the_file_as_it_is() -> None:
    bare = (hostile_dir() / "vbr_no_xing.mp3").read_bytes()
    data = bare[:100_000] + bytes(3_000) + bare[100_000:]
    assert with_frame_count(data) is data


def test_torn_headers_are_survived() -> None:
    bare = (hostile_dir() / "vbr_no_xing.mp3").read_bytes()
    for length in range(12):
        with_frame_count(bare[:length])
        with_frame_count(b"ID3\x03\x00\x00\x7f\x7f\x7f\x7f"[:length])
