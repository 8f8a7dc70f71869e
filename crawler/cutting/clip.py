"""What of an audio file goes to the extractor: a short file as it is, the middle 30 seconds of a longer one.

FFmpeg (through PyAV) reads the formats, so that one path serves mp3, ogg, opus, flac, wav and m4a. Only those
demuxers are allowed and none may open a second file or a URL. A file is read packet by packet: its length costs time,
never memory.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import IO

from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet

from earshot.confined.ffmpeg import av
from earshot.errors import AudioRejected
from earshot.reasons import Reason

CLIP_S = 30
_AS_IT_IS_S = CLIP_S + 1
_LEAD_IN_S = 1
"""Decoders of lossy formats need some packets before the first they get right."""
_RATES_HZ = (1_000, 768_000)
_MAX_RATE_HZ = 48_000
_OPTIONS = {"format_whitelist": "mp3,ogg,flac,wav,w64,mov,aac", "protocol_whitelist": "none"}
_BAD_PACKETS = 100
_DEAF_PACKETS = 2_000
"""Packets without a sample after which a file is given up: a damaged one may have millions."""
_BLOCK = 4096


def clip_of(file: IO[bytes], *, max_bytes: int) -> bytes:
    """The audio to extract from: the file itself, or FLAC of its middle 30 s when it is longer or larger.

    FLAC has the file's channels (folded to stereo when there are more), its rate (48 kHz at most) and 16 or 24 bits.

    Raises:
        AudioRejected: `unplayable`, there is no audio that can be decoded; `too_large`, not even the clip fits.
    """
    length = length_s(file)
    size = file.seek(0, io.SEEK_END)
    if length <= _AS_IT_IS_S and size <= max_bytes:
        file.seek(0)
        return file.read(max_bytes)
    start = max(Fraction(0), (length - CLIP_S) / 2)
    clip = _flac(file, start, start + CLIP_S)
    if len(clip) > max_bytes:
        raise AudioRejected(f"the clip has {len(clip)} bytes, the limit is {max_bytes}", reason=Reason.TOO_LARGE)
    return clip


def length_s(file: IO[bytes]) -> Fraction:
    """Length in seconds, counted packet by packet since headers may lie; the first second has been decoded.

    Raises:
        AudioRejected: `unplayable`.
    """
    with _open(file) as (container, stream):
        if not _RATES_HZ[0] <= stream.rate <= _RATES_HZ[1]:
            raise AudioRejected(f"a sample rate of {stream.rate} Hz is no music", reason=Reason.UNPLAYABLE)
        end = Fraction(0)
        heard = False
        for number, packet in enumerate(_packets(container, stream)):
            if packet.pts is not None and packet.time_base is not None:
                end = max(end, (packet.pts + (packet.duration or 0)) * packet.time_base)
            if not heard:
                heard = any(frame.samples for frame in _decode(packet))
                if not heard and number >= _DEAF_PACKETS:
                    break
        if not heard:
            raise AudioRejected("no audio in it could be decoded", reason=Reason.UNPLAYABLE)
        return end


def _flac(file: IO[bytes], start: Fraction, end: Fraction) -> bytes:
    """FLAC of the samples from `start` to `end` seconds."""
    with _open(file) as (container, stream):
        rate = min(stream.rate, _MAX_RATE_HZ)
        sample_format = "s16" if stream.format.name in ("u8", "u8p", "s16", "s16p") else "s32"
        layout = "mono" if stream.layout.nb_channels == 1 else "stereo"
        resampler = av.AudioResampler(format=sample_format, layout=layout, rate=rate)
        samples = av.AudioFifo()
        late, kind = 0, ("", "", 0)
        for frame in _frames(container, stream, start, end):
            at = Fraction(frame.pts or 0) * (frame.time_base or Fraction(1, stream.rate))
            if samples.samples_written == 0:
                late = max(0, int((start - at) * rate))
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
            raise AudioRejected("the middle of it could not be decoded", reason=Reason.UNPLAYABLE)
        return _encode(samples, int((end - start) * rate), sample_format, layout, rate)


def _kind(frame: AudioFrame) -> tuple[str, str, int]:
    """What a resampler is set up for; it may change within a file."""
    return frame.format.name, frame.layout.name, frame.sample_rate


def _encode(samples: av.AudioFifo, count: int, sample_format: str, layout: str, rate: int) -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=rate, format=sample_format, layout=layout)
        left = min(count, samples.samples)
        while left > 0:
            count = min(left, _BLOCK)
            frame = samples.read(count)
            left -= count
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()


def _frames(container: InputContainer, stream: AudioStream, start: Fraction, end: Fraction) -> Iterator[AudioFrame]:
    """The decoded frames that overlap `start` to `end`. Packets before are passed over, not decoded."""
    for packet in _packets(container, stream):
        if (
            packet.pts is not None
            and packet.time_base is not None
            and packet.pts * packet.time_base < start - _LEAD_IN_S
        ):
            continue
        for frame in _decode(packet):
            time = Fraction(frame.pts or 0) * (frame.time_base or Fraction(1, stream.rate))
            if time >= end:
                return
            if time + Fraction(frame.samples, stream.rate) > start:
                yield frame


class _Reader:
    """The file as FFmpeg may use it: it seeks where headers point, also before the start; that is damage, no error."""

    def __init__(self, file: IO[bytes]) -> None:
        self.read = file.read
        self.tell = file.tell
        self._seek = file.seek

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """The new position, or -1."""
        try:
            return self._seek(offset, whence)
        except (OSError, ValueError, OverflowError):
            return -1


@contextmanager
def _open(file: IO[bytes]) -> Iterator[tuple[InputContainer, AudioStream]]:
    file.seek(0)
    try:
        with av.open(_Reader(file), "r", options=_OPTIONS, metadata_errors="replace") as container:
            if not container.streams.audio:
                raise AudioRejected("there is no audio in it", reason=Reason.UNPLAYABLE)
            stream = container.streams.audio[0]
            if stream.codec_context is None:
                raise AudioRejected("its codec is not known here", reason=Reason.UNPLAYABLE)
            yield container, stream
    except av.FFmpegError as error:
        raise AudioRejected(f"not audio that can be read: {error.strerror}", reason=Reason.UNPLAYABLE) from None


def _packets(container: InputContainer, stream: AudioStream) -> "Iterator[Packet[AudioStream]]":
    """The packets of `stream`; damaged stretches are passed over."""
    for _ in range(_BAD_PACKETS):
        try:
            yield from container.demux(stream)
        except av.error.InvalidDataError:
            continue
        return


def _decode(packet: "Packet[AudioStream]") -> list[AudioFrame]:
    try:
        return list(packet.decode())
    except av.error.InvalidDataError:
        return []
