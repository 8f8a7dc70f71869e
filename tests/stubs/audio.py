"""Audio for tests: a sine whose pitch names the second it is in (200 Hz + 20 Hz per second)."""

from functools import cache
from pathlib import Path

import numpy as np

from tests.music.encoding import encoded


@cache
def sweep(seconds: float, kind: str = "mp3", *, rate: int = 44100, channels: int = 2, pitch: float = 200.0) -> bytes:
    """An audio file of `kind` (a suffix) that sweeps upwards from `pitch` Hz by 20 Hz per second."""
    if kind == "opus":
        rate = 48000
    time = np.arange(round(seconds * rate)) / rate
    signal = (0.3 * np.sin(2 * np.pi * (pitch + 10 * time) * time)).astype(np.float32)
    return encoded(np.stack([signal] * channels, axis=1), rate, kind)


def write_sweep(path: Path, seconds: float, **options: object) -> Path:
    """`sweep` into a file of the kind its suffix says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sweep(seconds, path.suffix[1:], **options))
    return path
