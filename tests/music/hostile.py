"""Audio files as the world sends them: damaged, mislabelled, extreme; and files that are none."""

import io
import random
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
import soxr

from tests.music.encoding import MP3, Kind, Samples, encoded
from tests.music.invented import invented

RATE = 44_100
_VBR = {"flags": "+qscale", "global_quality": str(4 * 118), "compression_level": "7"}  # LAME's V4, in FFmpeg's lambdas


@dataclass(frozen=True, slots=True)
class Hostile:
    """What a file must get (`ok`, `reject`, or the text of a choice), and how it is made."""

    expected: str
    make: Callable[[], bytes]


def write_all(folder: Path) -> None:
    """One file per entry of `HOSTILE`."""
    for name, hostile in HOSTILE.items():
        (folder / name).write_bytes(hostile.make())


@cache
def music() -> Samples:
    """(n, 2): thirty seconds."""
    return invented(30, RATE)


@cache
def reference() -> bytes:
    """The MP3 that others derive from."""
    return encoded(music(), RATE, Kind("mp3", "libmp3lame", 128_000, MP3.options))


def _without_a_length() -> bytes:
    """Variable bit rate, and no Xing header that says how long it lasts."""
    return encoded(music(), RATE, Kind("mp3", "libmp3lame", None, _VBR, {"write_xing": "0"}))


def _ten_minutes() -> bytes:
    return 20 * encoded(music(), RATE, Kind("mp3", "libmp3lame", 64_000, MP3.options, {"write_xing": "0"}))


def _behind_a_picture() -> bytes:
    picture = b"\0image/png\0\3\0" + random.Random(7).randbytes(12_000_000)
    frame = b"APIC" + struct.pack(">I", len(picture)) + b"\0\0" + picture
    seven_bits_a_byte = bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\3\0\0" + seven_bits_a_byte + frame + reference()


def _surround() -> bytes:
    left, right = music().T
    channels = (left, right, (left + right) / 2, 0.1 * left, 0.3 * left, 0.3 * right)
    return encoded(np.stack(channels, axis=1), RATE, "flac")


def _wav(samples: Samples, subtype: str = "PCM_16") -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, RATE, format="WAV", subtype=subtype)
    return buffer.getvalue()


def _at(rate: int, samples: Samples) -> Samples:
    resampled: Samples = soxr.resample(samples, RATE, rate)
    return np.clip(resampled, -1, 1)


def _antiphase() -> bytes:
    left = music()[:, 0]
    both: Samples = np.stack([left, -left], axis=1)
    return _wav(both)


def _hires() -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, _at(96_000, music()), 96_000, format="FLAC", subtype="PCM_24")
    return buffer.getvalue()


def _header_only() -> bytes:
    whole = _wav(music()[:RATE])
    return whole[: whole.index(b"data") + 8]


def _rate_of_one_hertz() -> bytes:
    whole = _wav(music()[:RATE])
    at = whole.index(b"fmt ") + 12
    return whole[:at] + struct.pack("<I", 1) + whole[at + 4 :]


def _not_finite() -> bytes:
    samples = music()[: 5 * RATE].copy()
    samples[::1000], samples[::1501] = np.nan, np.inf
    return _wav(samples, "FLOAT")


def _tone(level: float) -> Samples:
    return np.full((30 * RATE, 2), level, np.float32)


HOSTILE: Mapping[str, Hostile] = {
    "ok_ref_44k_stereo.mp3": Hostile("ok", reference),
    "zero_byte.mp3": Hostile("reject", bytes),
    "truncated.mp3": Hostile("ok", lambda: reference()[:120_000]),
    "mp3_named.wav": Hostile("ok", reference),
    "no_extension": Hostile("ok", reference),
    "mono_8k.mp3": Hostile(
        "ok", lambda: encoded(_at(8_000, music().mean(axis=1)), 8_000, Kind("mp3", "libmp3lame", 16_000, MP3.options))
    ),
    "hires_96k_24bit.flac": Hostile("ok", _hires),
    "surround51.flac": Hostile("ok", _surround),
    "one_second.mp3": Hostile("reject", lambda: encoded(music()[:RATE], RATE)),
    "ten_minutes.mp3": Hostile("ok", _ten_minutes),
    "silence.mp3": Hostile("reject", lambda: encoded(_tone(0), RATE)),
    "dc_only.wav": Hostile("reject", lambda: _wav(_tone(0.5))),
    "very_quiet_60db.wav": Hostile("ok", lambda: _wav(music() * np.float32(0.001))),
    "antiphase_stereo.wav": Hostile("reject", _antiphase),
    "itunes_like.m4a": Hostile("ok", lambda: encoded(music(), RATE, "m4a")),
    "music.opus": Hostile("ok", lambda: encoded(_at(48_000, music()), 48_000, "opus")),
    "music.ogg": Hostile("ok", lambda: encoded(music(), RATE, "ogg")),
    "vbr_no_xing.mp3": Hostile("ok", _without_a_length),
    "html_error.mp3": Hostile("reject", lambda: b"<!DOCTYPE html><title>403 Forbidden</title><h1>403 Forbidden</h1>\n"),
    "random_bytes.mp3": Hostile("reject", lambda: random.Random(7).randbytes(300_000)),
    "id3_huge_picture.mp3": Hostile("ok", _behind_a_picture),
    "wav_header_only.wav": Hostile("reject", _header_only),
    "wav_rate_1hz.wav": Hostile("reject", _rate_of_one_hertz),
    "nan_float32.wav": Hostile("reject", _not_finite),
}
"""By file name."""
