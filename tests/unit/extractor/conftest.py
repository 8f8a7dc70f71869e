import io

import numpy as np
import pytest
import soundfile

from extractor.networks.musicnn import MusicnnMsd
from tests.model import model_dir

RATE = 44_100


def tone(seconds: float = 4.0, *, rate: int = RATE, level: float = 0.3) -> np.ndarray:
    """Mono float32: two slowly beating tones, never silent and never the same for long."""
    t = np.arange(int(seconds * rate)) / rate
    return (level * (np.sin(440 * 2 * np.pi * t) + np.sin(443.3 * 2 * np.pi * t)) / 2).astype(np.float32)


def encoded(samples: np.ndarray, *, rate: int = RATE, kind: str = "WAV", subtype: str = "FLOAT") -> bytes:
    """(n,) or (n, channels) samples as an audio file."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=kind, subtype=subtype)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def network() -> MusicnnMsd:
    return MusicnnMsd(model_dir())
