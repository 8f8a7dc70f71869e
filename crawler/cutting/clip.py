"""What of an audio file goes to the extractor: a short file as it is, thirty seconds of a longer one.

Nothing is decoded that the extractor will decode again: the clip's packets are copied, whole, into a container of their
own. Only where no container takes the codec, or the packets are more than a clip may have, they are decoded and become
FLAC. A file is read where it is listened to and where the clip lies: its length costs neither time nor memory.
"""

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import IO

from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet

from earshot.audio.container import OpenedAudio, Seeking, decoded, opened
from earshot.audio.window import AS_IT_IS_S, CLIP_S, clip_start, counted_s, length_s
from earshot.confined.ffmpeg import av
from earshot.errors import AudioRejected
from earshot.reasons import Reason
from earshot.windows import Window

_LEAD_IN_S = Fraction(1, 10)
"""Decoders of lossy formats need some packets before the first they get right."""
_MAX_RATE_HZ = 48_000
_NOTHING_BUT_PACKETS = {"write_xing": "0", "id3v2_version": "0"}
"""Of an MP3: its length is counted where it is decoded."""
_DEAF_PACKETS = 2_000
"""Packets without a sample after which a file is given up: a damaged one may have millions."""
_BLOCK = 4096


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The seconds that are cut, and those between which nothing but these may be heard: of the file, or its window."""

    start: Fraction
    lasts: Fraction
    first: float = -math.inf
    end: float = math.inf
    seeking: Seeking = Seeking.FAST


def clip_of(file: IO[bytes], *, max_bytes: int, window: Window | None = None) -> bytes:
    """The audio to extract from: the file itself, or its clip when it is longer than one or larger than `max_bytes`.

    Of a `window` of the file, the clip holds nothing that lies outside: the whole window, or thirty seconds of it.

    A copied clip begins and ends with a packet: it is up to a second longer than 30 s, or shorter, as packets are long.
    As FLAC it has exactly 30 s, the file's channels (folded to stereo when there are more), its rate (48 kHz at most)
    and 16 or 24 bits.

    Raises:
        AudioRejected: `unplayable`, there is no audio that can be decoded; `too_large`, not even the clip fits;
            `bad_sheet`, the window lies behind the end of the file.
    """
    size = file.seek(0, io.SEEK_END)
    with opened(file, Seeking.EXACT if window else Seeking.FAST) as audio:
        _require_sound(audio)
        if window:
            stretch = _stretch_of_window(audio, window)
        else:
            length = length_s(audio)
            if length <= AS_IT_IS_S and size <= max_bytes:
                file.seek(0)
                return file.read(max_bytes)
            stretch = _Stretch(clip_start(audio, length), Fraction(CLIP_S))
    clip = _copied(file, stretch, max_bytes) or _flac(file, stretch)
    if len(clip) > max_bytes:
        raise AudioRejected(f"the clip has {len(clip)} bytes, the limit is {max_bytes}", reason=Reason.TOO_LARGE)
    return clip


def _stretch_of_window(audio: OpenedAudio, window: Window) -> _Stretch:
    """Raises AudioRejected where nothing of the window lies in the file."""
    length = counted_s(audio) if audio.is_bare else length_s(audio)
    there = window.within(int(length * 1000))
    if there is None or there.end_ms is None:
        raise AudioRejected(f"the file ends before {window.fragment}", reason=Reason.BAD_SHEET)
    first, end = Fraction(there.start_ms, 1000), Fraction(there.end_ms, 1000)
    start, lasts = first, end - first
    if lasts > AS_IT_IS_S:
        start, lasts = clip_start(audio, lasts, first), Fraction(CLIP_S)
    return _Stretch(start, lasts, float(first), float(end), Seeking.EXACT)


def _require_sound(audio: OpenedAudio) -> None:
    """Raises AudioRejected where nothing can be decoded."""
    for number, packet in enumerate(audio.packets()):
        if any(frame.samples for frame in decoded(packet)):
            return
        if number >= _DEAF_PACKETS:
            break
    raise AudioRejected("no audio in it could be decoded", reason=Reason.UNPLAYABLE)


def _copied(file: IO[bytes], stretch: _Stretch, max_bytes: int) -> bytes | None:
    """The packets of the stretch, in a container; None where there are too many, or no container takes them."""
    with opened(file, stretch.seeking) as audio:
        packets: list[Packet[AudioStream]] = []
        size = 0
        for packet in _clip_packets(audio, stretch):
            packets.append(packet)
            size += packet.size
            if size > max_bytes:
                return None
        stamps = [(packet.pts, packet.dts) for packet in packets]
        for container in _containers(audio.codec):
            try:
                clip = _muxed(audio.stream, packets, container)
            except (av.FFmpegError, ValueError):  # it does not take this codec, or not as this file has it
                for packet, (packet.pts, packet.dts) in zip(packets, stamps, strict=True):
                    packet.stream = audio.stream
            else:
                return clip if len(clip) <= max_bytes else None
    return None


def _containers(codec: str) -> tuple[str, ...]:
    """Those that may take the codec, first what libsndfile reads, which is the fastest."""
    if codec.startswith(("pcm_", "adpcm_")):
        return "wav", "aiff", "matroska", "caf"
    return ("mp3", "matroska") if codec.startswith("mp3") else ("matroska", "asf")


def _muxed(stream: AudioStream, packets: "list[Packet[AudioStream]]", container: str) -> bytes:
    if not packets:
        raise ValueError("no packets")
    target = io.BytesIO()
    options = {"fflags": "+bitexact", **(_NOTHING_BUT_PACKETS if container == "mp3" else {})}
    first = min(packet.pts if packet.pts is not None else packet.dts or 0 for packet in packets)
    with av.open(target, "w", format=container, options=options) as copy:  # no number at random
        copied = copy.add_stream_from_template(stream, opaque=True)
        for packet in packets:
            packet.pts = packet.dts = (packet.pts if packet.pts is not None else packet.dts or 0) - first
            packet.stream = copied
            copy.mux(packet)
    return target.getvalue()


def _clip_packets(audio: OpenedAudio, stretch: _Stretch) -> "Iterator[Packet[AudioStream]]":
    """Those that begin where the stretch does or a little earlier, up to its length."""
    audio.seek(max(Fraction(0), stretch.start - _LEAD_IN_S))
    earliest, first = max(float(stretch.start - _LEAD_IN_S), stretch.first), math.inf
    enough = float(stretch.lasts + _LEAD_IN_S)
    for packet in audio.packets():
        begins = audio.time_of(packet)
        if begins is None or begins < earliest:
            continue
        ends = begins + audio.length_of(packet)
        if begins >= first + enough or ends > first + AS_IT_IS_S or ends > stretch.end:
            return
        first = min(first, begins)
        yield packet


def _flac(file: IO[bytes], stretch: _Stretch) -> bytes:
    """FLAC of exactly the stretch."""
    with opened(file, stretch.seeking) as audio:
        stream = audio.stream
        rate = min(stream.rate, _MAX_RATE_HZ)
        sample_format = "s16" if stream.format.name in ("u8", "u8p", "s16", "s16p") else "s32"
        layout = "mono" if stream.layout.nb_channels == 1 else "stereo"
        resampler = av.AudioResampler(format=sample_format, layout=layout, rate=rate)
        samples = av.AudioFifo()
        late, kind = 0, ("", "", 0)
        for at, frame in _frames(audio, stretch):
            if samples.samples_written == 0:
                late = max(0, round((stretch.start - at) * rate))
            if kind != _kind(frame):
                resampler, kind = av.AudioResampler(format=sample_format, layout=layout, rate=rate), _kind(frame)
            for resampled in resampler.resample(frame):
                resampled.pts = None
                samples.write(resampled)
        for resampled in resampler.resample(None):
            resampled.pts = None
            samples.write(resampled)
        if samples.samples_written and (late := min(late, samples.samples)):  # reading 0 samples would read them all
            samples.read(late)
        if not samples.samples:
            raise AudioRejected("the part to be heard could not be decoded", reason=Reason.UNPLAYABLE)
        return _encode(samples, int(stretch.lasts * rate), sample_format, layout, rate)


def _kind(frame: AudioFrame) -> tuple[str, str, int]:
    """What a resampler is set up for; it may change within a file."""
    return frame.format.name, frame.layout.name, frame.sample_rate


def _encode(samples: av.AudioFifo, count: int, sample_format: str, layout: str, rate: int) -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format="flac") as container:
        stream = container.add_stream(
            "flac", rate=rate, format=sample_format, layout=layout, options={"compression_level": "0"}
        )
        left = min(count, samples.samples)
        while left > 0:
            count = min(left, _BLOCK)
            frame = samples.read(count)
            left -= count
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()


def _frames(audio: OpenedAudio, stretch: _Stretch) -> Iterator[tuple[float, AudioFrame]]:
    """The decoded frames that overlap it, each with its second. Packets before are passed over, not decoded."""
    start = stretch.start
    audio.seek(max(Fraction(0), start - 1))
    for packet in audio.packets():
        begins = audio.time_of(packet)
        if begins is not None and begins + audio.length_of(packet) < start - 1:
            continue
        for frame in decoded(packet):
            at = audio.time_of(frame) or 0.0
            if at >= start + stretch.lasts:
                return
            if at + frame.samples / frame.sample_rate > start:
                yield at, frame
