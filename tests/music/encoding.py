"""Samples as audio files of every kind that tests speak of, by the suffix of a file's name (`lab.encoding`)."""

from collections.abc import Mapping

from lab.encoding import Kind, Samples
from lab.encoding import encoded as encoded_as

__all__ = ["KINDS", "MP3", "Kind", "Samples", "encoded"]

MP3 = Kind("mp3", "libmp3lame", 96_000, {"compression_level": "7"})
KINDS: Mapping[str, Kind] = {
    "mp3": MP3,
    "flac": Kind("flac", "flac"),
    "opus": Kind("ogg", "libopus", 96_000),
    "ogg": Kind("ogg", "vorbis", 96_000, {"strict": "experimental"}),
    "m4a": Kind("ipod", "aac", 128_000),
    "wav": Kind("wav", "pcm_s16le"),
}


def encoded(samples: Samples, rate: int, kind: str | Kind = MP3) -> bytes:
    """(n,) or (n, channels) samples between -1 and 1 as an audio file. Opus wants 48,000 Hz or a whole part of it."""
    return encoded_as(samples, rate, KINDS[kind] if isinstance(kind, str) else kind)
