"""Audio for tests, encoded by FFmpeg: a sine whose pitch names the second it is in (200 Hz + 20 Hz per second)."""

import io
from pathlib import Path
from typing import Any

import av
import numpy as np

_CODECS = {
    "mp3": ("mp3", "libmp3lame", {}),
    "flac": ("flac", "flac", {}),
    "opus": ("ogg", "libopus", {}),
    "ogg": ("ogg", "vorbis", {"strict": "experimental"}),
    "m4a": ("mp4", "aac", {}),
    "wav": ("wav", "pcm_s16le", {}),
}


def sweep(
    seconds: float, kind: str = "mp3", *, rate: int = 44100, layout: str = "stereo", pitch: float = 200.0
) -> bytes:
    """An audio file of `kind` (a suffix) that sweeps upwards from `pitch` Hz by 20 Hz per second."""
    container_format, codec, options = _CODECS[kind]
    if kind == "opus":
        rate = 48000
    time = np.arange(round(seconds * rate)) / rate
    signal = (0.3 * np.sin(2 * np.pi * (pitch + 10 * time) * time)).astype(np.float32)
    channels = {"mono": 1, "stereo": 2, "5.1": 6}[layout]
    target = io.BytesIO()
    with av.open(target, "w", format=container_format) as container:
        stream: Any = container.add_stream(codec, rate=rate, layout=layout, options=options)
        resampler = av.AudioResampler(format=stream.format.name, layout=layout, rate=rate)
        for start in range(0, len(signal), rate):
            block = np.ascontiguousarray(np.stack([signal[start : start + rate]] * channels))
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
            frame.rate = rate
            frame.pts = start
            for converted in resampler.resample(frame):
                container.mux(stream.encode(converted))
        container.mux(stream.encode(None))
    return target.getvalue()


def write_sweep(path: Path, seconds: float, **options: object) -> Path:
    """`sweep` into a file of the kind its suffix says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sweep(seconds, path.suffix[1:], **options))  # type: ignore[arg-type]
    return path
