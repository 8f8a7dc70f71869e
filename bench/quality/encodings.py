"""What sources send: the codecs and bit rates in which a catalogue's clips come, one line each."""

import io
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from tests.music.encoding import MP3, Kind, encoded

Samples = npt.NDArray[np.float32]
RATE = 44_100
"""Of the clips before they are encoded, Hz."""
LOSSLESS = "flac"
_OPUS_RATE = 48_000
_BLOCK = 65_536  # libsndfile's Vorbis encoder keeps what it is given on the stack


def _mp3(kbps: int) -> Callable[[Samples], bytes]:
    return lambda samples: encoded(samples, RATE, Kind("mp3", "libmp3lame", kbps * 1000, MP3.options))


def _aac(kbps: int) -> Callable[[Samples], bytes]:
    return lambda samples: encoded(samples, RATE, Kind("ipod", "aac", kbps * 1000))


def _opus(kbps: int) -> Callable[[Samples], bytes]:
    def encode(samples: Samples) -> bytes:
        wanted = soxr.resample(samples, RATE, _OPUS_RATE)
        return encoded(wanted, _OPUS_RATE, Kind("ogg", "libopus", kbps * 1000))

    return encode


def _sndfile(container: str, subtype: str, level: float | None = None) -> Callable[[Samples], bytes]:
    def encode(samples: Samples) -> bytes:
        target = io.BytesIO()
        with soundfile.SoundFile(
            target, "w", RATE, samples.shape[1], format=container, subtype=subtype, compression_level=level
        ) as file:
            for start in range(0, len(samples), _BLOCK):
                file.write(samples[start : start + _BLOCK])
        return target.getvalue()

    return encode


ENCODINGS: Mapping[str, Callable[[Samples], bytes]] = {
    LOSSLESS: _sndfile("FLAC", "PCM_16"),
    "mp3 48": _mp3(48),
    "mp3 64": _mp3(64),
    "mp3 96": _mp3(96),
    "mp3 128": _mp3(128),
    "aac 64": _aac(64),
    "aac 128": _aac(128),
    "opus 48": _opus(48),
    "opus 96": _opus(96),
    "vorbis 64": _sndfile("OGG", "VORBIS", 1.0),
    "vorbis 112": _sndfile("OGG", "VORBIS", 0.7),
}
"""From (n, 2) samples at `RATE` to a file; the number says kbit/s, of Vorbis about so many."""
