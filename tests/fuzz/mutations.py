"""Real files of every format the extractor reads, and ways to break them."""

import io
from functools import cache

import soundfile
from hypothesis import strategies as st

from tests.corpus import hostile_dir
from tests.music.encoding import Kind, encoded
from tests.music.invented import invented

RATE = 22_050
SECONDS = 4
_WRITTEN = {
    "wav": ("WAV", "PCM_16"),
    "wav24": ("WAV", "PCM_24"),
    "wavfloat": ("WAV", "FLOAT"),
    "adpcm": ("WAV", "MS_ADPCM"),
    "flac": ("FLAC", "PCM_16"),
    "vorbis": ("OGG", "VORBIS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "aiff": ("AIFF", "PCM_16"),
    "caf": ("CAF", "ALAC_16"),
}
_BY_FFMPEG = {
    "mp3_in_mp4": Kind("mp4", "libmp3lame"),
    "aac": Kind("adts", "aac"),
    "alac": Kind("ipod", "alac"),
    "wma": Kind("asf", "wmav2", 128_000),
    "wavpack": Kind("wv", "wavpack"),
    "tta": Kind("tta", "tta"),
    "matroska": Kind("matroska", "libmp3lame"),
    "flac_in_ogg": Kind("ogg", "flac"),
    "mp2": Kind("mp2", "mp2"),
}
FORMATS = (*_WRITTEN, "opus", "m4a", "mp3_without_length", *_BY_FFMPEG)
_EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


@cache
def sample(name: str) -> bytes:
    """Four seconds of music in the format."""
    if name == "mp3_without_length":
        return (hostile_dir() / "vbr_no_xing.mp3").read_bytes()[:60_000]
    stereo = invented(SECONDS, RATE)
    if name == "m4a":
        return encoded(stereo, RATE, "m4a")
    if name in _BY_FFMPEG:
        return encoded(stereo, RATE, _BY_FFMPEG[name])
    buffer = io.BytesIO()
    if name == "opus":
        soundfile.write(buffer, stereo, 24_000, format="OGG", subtype="OPUS")
    else:
        kind, subtype = _WRITTEN[name]
        soundfile.write(buffer, stereo, RATE, format=kind, subtype=subtype)
    return buffer.getvalue()


@st.composite
def damaged(draw: st.DrawFn, name: str) -> bytes:
    """A file of the format with one to six injuries; two thirds of them hit its header."""
    content = bytearray(sample(name))
    for _ in range(draw(st.integers(1, 6))):
        reach = min(draw(st.sampled_from((48, 256, len(content)))), len(content))
        at = draw(st.integers(0, max(0, reach - 1)))
        match draw(st.sampled_from(("byte", "word", "cut", "zero", "drop", "repeat", "noise"))):
            case "byte":
                content[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case "word":
                value = draw(st.sampled_from(_EXTREMES))
                content[at : at + 4] = value.to_bytes(4, draw(st.sampled_from(("little", "big"))))
            case "cut":
                del content[at:]
            case "zero":
                length = draw(st.integers(1, 5000))
                content[at : at + length] = bytes(len(content[at : at + length]))
            case "drop":
                del content[at : at + draw(st.integers(1, 5000))]
            case "repeat":
                length = draw(st.integers(1, 5000))
                content[at:at] = content[at : at + length]
            case "noise":
                content[at : at + 64] = draw(st.binary(min_size=1, max_size=64))
    return bytes(content)
