"""Samples as audio files of every kind, by FFmpeg's libraries as PyAV carries them: the same bytes on every machine."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

import av
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream

Samples = npt.NDArray[np.float32]
_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}


@dataclass(frozen=True, slots=True)
class Kind:
    """A container, a codec, and the options of both."""

    container: str
    codec: str
    bit_rate: int | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    container_options: Mapping[str, str] = field(default_factory=dict)


MP3 = Kind("mp3", "libmp3lame", 96_000, {"compression_level": "7"})
KINDS: Mapping[str, Kind] = {
    "mp3": MP3,
    "flac": Kind("flac", "flac"),
    "opus": Kind("ogg", "libopus", 96_000),
    "ogg": Kind("ogg", "vorbis", 96_000, {"strict": "experimental"}),
    "m4a": Kind("ipod", "aac", 128_000),
    "wav": Kind("wav", "pcm_s16le"),
}
"""By the suffix of a file's name."""


def encoded(samples: Samples, rate: int, kind: str | Kind = MP3) -> bytes:
    """(n,) or (n, channels) samples between -1 and 1 as an audio file. Opus wants 48,000 Hz or a whole part of it."""
    kind = KINDS[kind] if isinstance(kind, str) else kind
    columns = samples[:, None] if samples.ndim == 1 else samples
    layout, target = _LAYOUTS[columns.shape[1]], io.BytesIO()
    with av.open(target, "w", format=kind.container, options=dict(kind.container_options)) as container:
        stream = cast(
            AudioStream, container.add_stream(kind.codec, rate=rate, layout=layout, options=dict(kind.options))
        )
        if kind.bit_rate is not None:
            stream.bit_rate = kind.bit_rate
        for frame in _frames(columns.astype(np.float32, copy=False), rate, layout):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()


def _frames(columns: Samples, rate: int, layout: str) -> Iterator[av.AudioFrame]:
    """A second each; the encoder's own resampler makes of them what its codec takes."""
    for start in range(0, len(columns), rate):
        block = np.ascontiguousarray(columns[start : start + rate].T)
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
        frame.rate, frame.pts = rate, start
        yield frame
