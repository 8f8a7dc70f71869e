import io
from fractions import Fraction

import numpy as np
import pytest
import soundfile

from crawler.cutting.clip import _flac, _Stretch
from earshot.audio.container import opened
from earshot.audio.window import clip_start, length_s

RATE = 8_000


@pytest.mark.parametrize("frames", [RATE * 32, RATE * 32 + 8192, RATE * 40, RATE * 61 + 1, 30 * RATE + 2 * 4096 * 3])
@pytest.mark.parametrize("container", ["WAV", "FLAC"])
def test_what_is_encoded_is_exactly_the_middle_wherever_packets_begin(frames: int, container: str) -> None:
    ramp = (np.arange(frames) % 30_011).astype(np.int16)
    file = io.BytesIO()
    soundfile.write(file, ramp, RATE, format=container, subtype="PCM_16")
    with opened(file) as audio:
        clip = _flac(file, _Stretch(clip_start(audio, length_s(audio)), Fraction(30)))
    samples, rate = soundfile.read(io.BytesIO(clip), dtype="int16")
    start = (frames - 30 * RATE) // 2
    assert (rate, len(samples)) == (RATE, 30 * RATE)
    assert abs(int(samples[0]) - int(ramp[start])) <= 1
    np.testing.assert_array_equal(np.diff(samples)[:100], np.diff(ramp[start : start + 101]))
