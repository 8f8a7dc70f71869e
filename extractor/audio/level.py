"""How loud a clip is heard. A microphone hears music quieter than records are, and to a network that is other music."""

from dataclasses import replace

import numpy as np

from extractor.audio.samples import Audio

RECORDS_LUFS = -14.0
"""What records have today; services play at this level."""
QUIET_LUFS = -26.0
"""Few records are quieter; a recording of one is, where the microphone is not close."""


def is_quiet(audio: Audio) -> bool:
    """Whether it may be a recording of something louder."""
    return audio.loudness.integrated is not None and audio.loudness.integrated < QUIET_LUFS


def as_loud_as_records(audio: Audio) -> Audio:
    """The same at `RECORDS_LUFS`, as far as its loudness is known; its `loudness` stays what the clip's is."""
    if audio.loudness.integrated is None:
        return audio
    gain = np.float32(10 ** ((RECORDS_LUFS - audio.loudness.integrated) / 20))
    return replace(audio, samples=audio.samples * gain)
