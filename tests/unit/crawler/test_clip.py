import io
import time
import wave

import av
import numpy as np
import pytest
import soundfile

from crawler.cutting.clip import clip_of
from earshot.audio.container import decoded, opened
from earshot.audio.window import length_s
from earshot.errors import AudioRejected
from earshot.windows import Window
from tests.music.encoding import Kind, encoded
from tests.stubs.audio import sweep

_LIMIT = 10 * 1024 * 1024


def _decoded(clip: bytes) -> tuple[np.ndarray, int]:
    with av.open(io.BytesIO(clip), "r") as container:
        rate = container.streams.audio[0].rate
        blocks = []
        for frame in (frame for packet in container.demux(audio=0) for frame in decoded(packet)):
            to_floats = av.AudioResampler(format="fltp", layout="mono", rate=rate)
            blocks += [part.to_ndarray().T for part in to_floats.resample(frame)]
    return np.concatenate(blocks), rate


def _pitch(samples: np.ndarray, rate: int) -> float:
    window = samples[:8192, 0] * np.hanning(8192)
    return float(np.argmax(np.abs(np.fft.rfft(window))) * rate / 8192)


@pytest.mark.parametrize("kind", ["mp3", "flac", "opus", "ogg", "m4a", "wav"])
def test_a_short_file_is_passed_on_as_it_is(kind: str) -> None:
    audio = sweep(3, kind)
    assert clip_of(io.BytesIO(audio), max_bytes=_LIMIT) == audio


@pytest.mark.parametrize("kind", ["mp3", "flac", "opus", "ogg", "m4a", "wav"])
def test_a_long_file_that_sounds_everywhere_gives_its_middle_thirty_seconds(kind: str) -> None:
    channels = (
        2 if kind == "ogg" else 1
    )  # FFmpeg's encoder of Vorbis knows two channels, the others are quicker with one
    audio = sweep(36, kind, rate=22050, channels=channels)
    samples, rate = _decoded(clip_of(io.BytesIO(audio), max_bytes=_LIMIT))
    assert len(samples) / rate == pytest.approx(30, abs=0.3)
    samples = samples[4096:-4096]  # a decoder makes nothing of the first packet without the one before
    assert _pitch(samples, rate) == pytest.approx(200 + 20 * 3, abs=16), "it starts at second 3"
    assert _pitch(samples[-8192:], rate) == pytest.approx(200 + 20 * 33, abs=16), "it ends at second 33"


@pytest.mark.parametrize(("kind", "container"), [("mp3", b"\xff\xf3"), ("m4a", b"\x1aE\xdf\xa3"), ("wav", b"RIFF")])
def test_a_clip_holds_the_packets_of_its_file(kind: str, container: bytes) -> None:
    audio = sweep(40, kind, rate=22050, channels=1)
    clip = clip_of(io.BytesIO(audio), max_bytes=_LIMIT)
    assert clip.startswith(container)
    with av.open(io.BytesIO(audio), "r") as whole, av.open(io.BytesIO(clip), "r") as cut:
        packets = {bytes(packet) for packet in whole.demux(audio=0) if packet.size}
        copied = [bytes(packet) for packet in cut.demux(audio=0) if packet.size]
        if kind == "wav":
            assert b"".join(copied) in _all_packets(audio)
        else:
            assert len(copied) > 500
            assert set(copied) <= packets


def _all_packets(audio: bytes) -> bytes:
    with av.open(io.BytesIO(audio), "r") as container:
        return b"".join(map(bytes, container.demux(audio=0)))


def _with_silence(music_s: float, silence_s: float, *, first: bool) -> bytes:
    rate = 8000  # half an hour is soon encoded
    tone = 0.3 * np.sin(np.arange(round(music_s * rate)) * 0.1)
    parts = [tone, np.zeros(round(silence_s * rate))]
    return encoded(np.concatenate(parts if first else parts[::-1]).astype(np.float32), rate)


@pytest.mark.parametrize(
    ("music_s", "silence_s"), [(60, 300), (31, 300), (20, 200), (120, 600)], ids=lambda seconds: f"{seconds} s"
)
@pytest.mark.parametrize("first", [True, False], ids=["music first", "silence first"])
def test_the_clip_is_where_the_music_is(music_s: float, silence_s: float, first: bool) -> None:
    samples, rate = _decoded(clip_of(io.BytesIO(_with_silence(music_s, silence_s, first=first)), max_bytes=_LIMIT))
    sounding = np.abs(samples[: len(samples) // rate * rate, 0].reshape(-1, rate)).max(axis=1) > 0.1
    assert sounding.sum() >= min(music_s, 30) * 0.7


def test_a_file_of_full_precision_keeps_it() -> None:
    target = io.BytesIO()
    soundfile.write(target, np.full((48000 * 40, 1), 1e-6), 48000, format="WAV", subtype="PCM_24")
    samples, _ = _decoded(clip_of(target, max_bytes=_LIMIT))
    assert np.abs(samples - 1e-6).max() < 2e-7


def test_what_is_too_large_as_it_is_is_folded() -> None:
    audio = sweep(32, "flac", rate=96000, channels=6)
    clip = clip_of(io.BytesIO(audio), max_bytes=len(audio) // 2)
    with av.open(io.BytesIO(clip)) as container:
        stream = container.streams.audio[0]
        assert (stream.codec_context.name, stream.layout.nb_channels, stream.rate) == ("flac", 2, 48000)


def test_only_what_is_listened_to_and_cut_is_read_of_a_long_file() -> None:
    file = _Counted((sweep(30, rate=22050)) * 200)
    clip_of(file, max_bytes=_LIMIT)
    assert file.read_bytes < len(file.getvalue()) / 4


class _Counted(io.BytesIO):
    read_bytes = 0

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        self.read_bytes += len(found)
        return found


def test_channels_may_change_within_a_file() -> None:
    audio = (sweep(5, channels=1) + sweep(5)) * 8
    samples, rate = _decoded(clip_of(io.BytesIO(audio), max_bytes=_LIMIT))
    assert len(samples) / rate == pytest.approx(30, abs=1)


def test_an_unknown_codec_is_refused_by_name() -> None:
    audio = bytearray(sweep(3, "wav"))
    audio[audio.index(b"fmt ") + 8] = 0x4F  # the codec's number
    with pytest.raises(AudioRejected, match="codec"):
        clip_of(io.BytesIO(audio), max_bytes=_LIMIT)


def test_millions_of_packets_without_a_sample_are_given_up() -> None:
    audio = sweep(60, "wav")
    header = bytearray(audio[: audio.index(b"data") + 8])
    at = header.index(b"fmt ") + 8
    header[at : at + 2] = b"\x31\0"  # GSM, in packets of four bytes
    started = time.monotonic()
    with pytest.raises(AudioRejected):
        clip_of(io.BytesIO(header + audio[len(header) :]), max_bytes=_LIMIT)
    assert time.monotonic() - started < 20


def test_a_short_file_with_a_huge_picture_is_cut_down() -> None:
    audio = sweep(3)
    size = 12_000_000
    frame = b"APIC" + size.to_bytes(4) + b"\0\0" + b"\0image/png\0\3\0" + bytes(size - 13)
    length = len(frame)
    header = b"ID3\3\0\0" + bytes((length >> shift) & 127 for shift in (21, 14, 7, 0))
    clip = clip_of(io.BytesIO(header + frame + audio), max_bytes=_LIMIT)
    samples, rate = _decoded(clip)
    assert len(samples) / rate == pytest.approx(3, abs=0.1)


def test_what_headers_claim_of_the_length_is_not_believed() -> None:
    audio = bytearray(sweep(40, "wav", rate=8000, channels=1))
    size = audio.index(b"data") + 4
    audio[size : size + 4] = (0xFFFFFFFF).to_bytes(4, "little")
    with opened(io.BytesIO(bytes(audio))) as lying:
        assert float(length_s(lying)) == pytest.approx(40, abs=0.1)


def _wav(rate: int) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(100_000))
    return target.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        b"<!DOCTYPE html><html><head><title>403 Forbidden</title></head></html>",
        b"ID3\x03\x00\x00\x7f\x7f\x7f\x7f" + b"\0" * 500,
        b"OggS" * 100,
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        _wav(44100)[:44],
        _wav(1),
    ],
    ids=["empty", "byte", "html", "id3 only", "ogg only", "hls", "concat", "header only", "1 Hz"],
)
def test_what_is_no_audio_is_unplayable(content: bytes) -> None:
    with pytest.raises(AudioRejected) as caught:
        clip_of(io.BytesIO(content), max_bytes=_LIMIT)
    assert caught.value.reason == "unplayable"


def test_a_torn_file_gives_what_can_be_heard() -> None:
    audio = sweep(10)[:80_000]
    assert clip_of(io.BytesIO(audio), max_bytes=_LIMIT) == audio


def test_damage_in_the_middle_is_passed_over() -> None:
    audio = bytearray(sweep(36, rate=22050))
    audio[200_000:202_000] = b"\xa5" * 2000
    samples, rate = _decoded(clip_of(io.BytesIO(bytes(audio)), max_bytes=_LIMIT))
    assert len(samples) / rate > 25


@pytest.mark.parametrize("counts", ["1", "0"], ids=["with a table of its seconds", "without"])
def test_a_window_of_an_mp3_whose_bit_rate_varies_holds_its_own_seconds(counts: str) -> None:
    rate, seconds = 16_000, 240
    time_s = np.arange(seconds * rate) / rate
    hz = 400.0 + 50 * (time_s // 60)
    noise = np.random.default_rng(1).normal(0, 0.2, len(time_s)) * (time_s < 60)
    samples = 0.3 * np.sin(2 * np.pi * hz * time_s) + noise
    options = {"compression_level": "9", "global_quality": str(2 * 118), "flags": "+qscale"}
    audio = encoded(samples.astype(np.float32), rate, Kind("mp3", "libmp3lame", None, options, {"write_xing": counts}))
    for number in range(4):
        window = Window(number * 60_000, number * 60_000 + 20_000)
        heard, _ = _decoded(clip_of(io.BytesIO(audio), max_bytes=_LIMIT, window=window))
        whole = heard[: len(heard) // rate * rate, 0].reshape(-1, rate)
        assert {int(np.abs(np.fft.rfft(second)).argmax()) for second in whole} == {400 + 50 * number}
        assert len(heard) / rate == pytest.approx(20, abs=0.2)


def test_a_window_behind_the_end_is_refused() -> None:
    with pytest.raises(AudioRejected) as caught:
        clip_of(io.BytesIO(sweep(3, "wav")), max_bytes=_LIMIT, window=Window(3_000, 4_000))
    assert caught.value.reason == "bad_sheet"
