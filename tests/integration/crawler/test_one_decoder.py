"""Own files of every format, as the crawler cuts and the extractor decodes them, both in their confined processes."""

import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from crawler.cutting.cutter import Cutter
from crawler.formats import HEAD_BYTES, SUFFIXES, starts_like_audio
from extractor.audio.decoder import Decoder
from extractor.audio.samples import Audio
from tests.music.encoding import Kind, Samples, encoded
from tests.music.invented import invented

RATE = 44_100
_MOST = 10 * 2**20

KINDS = {
    "layer-3.mp3": Kind("mp3", "libmp3lame", 96_000),
    "layer-3-without-length.mp3": Kind("mp3", "libmp3lame", 96_000, {}, {"write_xing": "0"}),
    "layer-2.mp2": Kind("mp2", "mp2"),
    "layer-2-named.mp3": Kind("mp2", "mp2"),
    "aac.aac": Kind("adts", "aac"),
    "aac-named.mp3": Kind("adts", "aac"),
    "aac.m4a": Kind("ipod", "aac"),
    "aac.m4b": Kind("ipod", "aac"),
    "aac-in-pieces.mp4": Kind("mp4", "aac", None, {}, {"movflags": "frag_keyframe+empty_moov"}),
    "aac.3gp": Kind("3gp", "aac"),
    "alac.m4a": Kind("ipod", "alac"),
    "ac3.m4a": Kind("mp4", "ac3"),
    "eac3.m4a": Kind("mp4", "eac3"),
    "flac.m4a": Kind("mp4", "flac", None, {}, {"strict": "-2"}),
    "layer-3.m4a": Kind("mp4", "libmp3lame"),
    "flac.flac": Kind("flac", "flac"),
    "vorbis.ogg": Kind("ogg", "vorbis", None, {"strict": "experimental"}),
    "flac.ogg": Kind("ogg", "flac"),
    "flac.oga": Kind("ogg", "flac"),
    "ac3.ac3": Kind("ac3", "ac3"),
    "eac3.eac3": Kind("eac3", "eac3"),
    "wma.wma": Kind("asf", "wmav2", 128_000),
    "wma-1.wma": Kind("asf", "wmav1", 128_000),
    "wma-named.mp3": Kind("asf", "wmav2", 128_000),
    "wavpack.wv": Kind("wv", "wavpack"),
    "tta.tta": Kind("tta", "tta"),
    "layer-3.mka": Kind("matroska", "libmp3lame"),
    "aac.mkv": Kind("matroska", "aac"),
    "vorbis.webm": Kind("webm", "vorbis", None, {"strict": "experimental"}),
    "matroska-named.mp3": Kind("matroska", "libmp3lame"),
    "pcm.wav": Kind("wav", "pcm_s16le"),
    "pcm-24.wav": Kind("wav", "pcm_s24le"),
    "pcm-32.wav": Kind("wav", "pcm_s32le"),
    "pcm-8.wav": Kind("wav", "pcm_u8"),
    "float.wav": Kind("wav", "pcm_f32le"),
    "double.wav": Kind("wav", "pcm_f64le"),
    "mu-law.wav": Kind("wav", "pcm_mulaw"),
    "a-law.wav": Kind("wav", "pcm_alaw"),
    "adpcm-ms.wav": Kind("wav", "adpcm_ms"),
    "adpcm-ima.wav": Kind("wav", "adpcm_ima_wav"),
    "layer-3.wav": Kind("wav", "libmp3lame"),
    "ac3.wav": Kind("wav", "ac3"),
    "rf64.wav": Kind("wav", "pcm_s16le", None, {}, {"rf64": "always"}),
    "w64.w64": Kind("w64", "pcm_s16le"),
    "w64-named.wav": Kind("w64", "pcm_s16le"),
    "aiff.aiff": Kind("aiff", "pcm_s16be"),
    "aiff-24.aif": Kind("aiff", "pcm_s24be"),
    "aiff-named.wav": Kind("aiff", "pcm_s16be"),
    "caf.caf": Kind("caf", "pcm_s16le"),
    "alac.caf": Kind("caf", "alac"),
    "mu-law.au": Kind("au", "pcm_mulaw"),
}
SHORT_S, LONG_S = 3, 33


@cache
def music() -> Samples:
    return invented(LONG_S + 3, 48_000)


def made(name: str, seconds: int) -> bytes:
    """A short file has both channels; to encode these for half a minute takes long."""
    if name.endswith(".dsf"):
        return dsf(music()[: seconds * RATE])
    channels = 2 if seconds <= SHORT_S or name.startswith(("vorbis", "wavpack")) else 1
    if name.endswith((".opus", "opus.webm", "opus.m4a")):
        container = {"opus": "ogg", "webm": "webm", "m4a": "mp4"}[name.rpartition(".")[2]]
        return encoded(music()[: seconds * 48_000, :channels], 48_000, Kind(container, "libopus", 96_000))
    return encoded(music()[: seconds * RATE, :channels], RATE, KINDS[name])


def dsf(samples: Samples) -> bytes:
    """The first second again and again, one bit a sample, 64 to one of PCM, as a running sum rounded down.

    DSF File Format Specification 1.01.
    """
    channels = []
    for channel in samples[:RATE].T:
        smooth = np.repeat(channel, 64).astype(np.float64)
        level = np.floor(np.cumsum(0.5 + 0.5 * np.clip(smooth, -1, 1)))
        channels.append(np.packbits(np.diff(level, prepend=0).astype(np.uint8), bitorder="little"))
    bits = np.tile(np.stack(channels), len(samples) // RATE)
    data = np.pad(bits, ((0, 0), (0, -bits.shape[1] % 4096))).reshape(2, -1, 4096).swapaxes(0, 1).tobytes()
    form = struct.pack("<4sQIIIIIIQII", b"fmt ", 52, 1, 0, 2, 2, RATE * 64, 1, len(samples) * 64, 4096, 0)
    head = struct.pack("<4sQQQ", b"DSD ", 28, 92 + len(data), 0)
    return head + form + struct.pack("<4sQ", b"data", 12 + len(data)) + data


ALL = (*KINDS, "opus.opus", "opus.webm", "opus.m4a", "dsd.dsf")


@pytest.fixture(scope="module")
def house() -> Iterator[tuple[Cutter, Decoder]]:
    cutter, decoder = Cutter(), Decoder(16_000, 1.5)
    yield cutter, decoder
    decoder.close()
    cutter.close()


def heard(house: tuple[Cutter, Decoder], path: Path, content: bytes) -> Audio:
    path.write_bytes(content)
    with path.open("rb") as file:
        return house[1].decode(house[0].clip(file, max_bytes=_MOST))


@pytest.mark.parametrize("name", ALL)
def test_short_and_long_files_of_every_format_are_heard(
    house: tuple[Cutter, Decoder], tmp_path: Path, name: str
) -> None:
    short, long = (heard(house, tmp_path / name, made(name, seconds)) for seconds in (SHORT_S, LONG_S))
    assert short.seconds == pytest.approx(SHORT_S, abs=0.3)
    assert long.seconds == pytest.approx(30, abs=0.6)
    assert min(short.samples.std(), long.samples.std()) > 0.01


@pytest.mark.parametrize("name", ALL)
def test_every_format_may_be_audio_by_its_suffix_and_by_its_first_bytes(name: str) -> None:
    assert Path(name).suffix in SUFFIXES
    assert starts_like_audio(made(name, 1)[:HEAD_BYTES])
