"""Samples as audio files, by FFmpeg's libraries as PyAV carries them: the same bytes on every machine.

`ENCODINGS` is what sources send: the codecs and bit rates in which a catalogue's clips come, one line each.
"""

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, cast

import av
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream

Samples = npt.NDArray[np.float32]
RATE: Final = 44_100
"""Of clips before they are encoded, Hz."""
LOSSLESS: Final = "flac"
_OPUS_RATE = 48_000
_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}


@dataclass(frozen=True, slots=True)
class Kind:
    """A container, a codec, and the options of both."""

    container: str
    codec: str
    bit_rate: int | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    container_options: Mapping[str, str] = field(default_factory=dict)


def encoded(samples: Samples, rate: int, kind: Kind) -> bytes:
    """(n,) or (n, channels) samples between -1 and 1 as an audio file. Opus wants 48,000 Hz or a whole part of it."""
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


def resampled(samples: Samples, rate: int, wanted: int) -> Samples:
    """(n, channels) samples at `rate` Hz as such at `wanted` Hz."""
    import librosa  # slow to import, and seldom needed

    if rate == wanted:
        return samples
    found: Samples = librosa.resample(samples, orig_sr=rate, target_sr=wanted, res_type="soxr_hq", axis=0)
    return found


def _mp3(kbps: int) -> Callable[[Samples], bytes]:
    kind = Kind("mp3", "libmp3lame", kbps * 1000, {"compression_level": "7"})
    return lambda samples: encoded(samples, RATE, kind)


def _aac(kbps: int) -> Callable[[Samples], bytes]:
    return lambda samples: encoded(samples, RATE, Kind("ipod", "aac", kbps * 1000))


def _opus(kbps: int) -> Callable[[Samples], bytes]:
    kind = Kind("ogg", "libopus", kbps * 1000)
    return lambda samples: encoded(resampled(samples, RATE, _OPUS_RATE), _OPUS_RATE, kind)


ENCODINGS: Mapping[str, Callable[[Samples], bytes]] = {
    LOSSLESS: lambda samples: encoded(samples, RATE, Kind("flac", "flac")),
    "mp3 64": _mp3(64),
    "mp3 96": _mp3(96),
    "aac 64": _aac(64),
    "opus 48": _opus(48),
}
"""From (n, 1 or 2) samples at `RATE` to a file; the number says kbit/s."""
