"""Audio files opened by FFmpeg: which formats and codecs may be, and their packets.

A file can lead nowhere else: demuxers that read lists of other files are not among those allowed, and no protocol is.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from functools import cached_property
from typing import IO

from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard

from earshot.audio.beginning import beginning
from earshot.confined.ffmpeg import av
from earshot.errors import AudioRejected
from earshot.reasons import Reason

_FORMATS = (
    "mp3", "aac", "ac3", "eac3", "dts", "flac", "ogg", "wav", "w64", "aiff", "caf", "au", "mov", "matroska", "asf",
    "ape", "wv", "tta", "tak", "mpc", "mpc8", "dsf", "iff", "amr",
)  # fmt: skip
"""FFmpeg's names of the demuxers: `mov` reads MP4 and 3GP, `iff` DSDIFF, `mp3` Layers I and II too."""
_CODECS = frozenset({
    "mp1float", "mp2", "mp2float", "mp3", "mp3float", "aac", "alac", "ac3", "eac3", "dca", "flac", "vorbis", "opus",
    "libopus", "speex", "libspeex", "wmav1", "wmav2", "wmapro", "wmalossless", "wmavoice", "ape", "wavpack", "tta",
    "tak", "truehd", "mlp", "mpc7", "mpc8", "amrnb", "amrwb", "gsm_ms", "gsm", "dst", "dsd_lsbf", "dsd_msbf",
    "dsd_lsbf_planar", "dsd_msbf_planar", "adpcm_ms", "adpcm_ima_wav", "adpcm_ima_qt", "adpcm_yamaha", "adpcm_g726",
    *(name for name in av.codecs_available if name.startswith("pcm_")),
})  # fmt: skip
_OPTIONS = {
    "format_whitelist": ",".join(_FORMATS),
    "codec_whitelist": ",".join(sorted(_CODECS)),
    "protocol_whitelist": "none",
    "probesize": "1000000",  # of PCM, FFmpeg would look at five times as much for what is no PCM
}
_BARE = frozenset({"mp3", "aac", "ac3", "eac3", "dts", "amr"})
"""Formats of frames behind one another, which say nowhere how long the whole is or where a second begins."""
_RATES_HZ = (1_000, 6_000_000)
"""DSD has one bit a sample."""
_BAD_PACKETS = 100
_BUFFER_BYTES = 64 * 1024


class Seeking(Enum):
    """How to get to a second of a file that does not say where its seconds begin."""

    FAST = "+fastseek"
    """By its bytes, as if all seconds had equally many: up to a minute amiss, where bit rates vary."""
    EXACT = "-fastseek"
    """By reading all that comes before."""


@dataclass(frozen=True)
class OpenedAudio:
    """A file's container, and its first audio stream."""

    container: InputContainer
    stream: AudioStream

    @property
    def codec(self) -> str:
        """FFmpeg's name of the decoder."""
        return self.stream.codec_context.name

    @property
    def is_bare(self) -> bool:
        """Whether it is nothing but frames: then its length is a guess, too."""
        return self.container.format.name in _BARE

    @property
    def stated_s(self) -> Fraction | None:
        """Length in seconds, as the file says or FFmpeg guesses; None where neither does."""
        if self.stream.duration and self.stream.time_base:
            return self.stream.duration * self.stream.time_base
        return Fraction(self.container.duration, av.time_base) if self.container.duration else None

    def seek(self, seconds: Fraction) -> bool:
        """Go where `packets` gives what is heard at `seconds`, or a little before. False where there is no way."""
        try:
            self.container.seek(int(seconds / self._time_base) + self._first_stamp, stream=self.stream)
        except (av.FFmpegError, OverflowError):
            return False
        return True

    def packets(self) -> "Iterator[Packet[AudioStream]]":
        """The packets from here on; damaged stretches are passed over."""
        for _ in range(_BAD_PACKETS):
            try:
                yield from self.container.demux(self.stream)
            except MemoryError:  # FFmpeg's own is both
                raise
            except av.FFmpegError:
                continue
            return

    def time_of(self, part: "Packet[AudioStream] | AudioFrame") -> float | None:
        """When a packet or a frame begins, in seconds from the beginning of the file; None where it does not say."""
        stamp = part.dts if part.pts is None else part.pts
        return None if stamp is None else (stamp - self._first_stamp) * self._unit_s

    def length_of(self, packet: "Packet[AudioStream]") -> float:
        """How long a packet lasts, in seconds; 0 where it does not say."""
        return (packet.duration or 0) * self._unit_s

    @cached_property
    def _time_base(self) -> Fraction:
        return self.stream.time_base or Fraction(1, self.stream.rate)

    @cached_property
    def _unit_s(self) -> float:
        """The same as a number: a file has thousands of packets, and arithmetic of fractions takes its time."""
        return float(self._time_base)

    @cached_property
    def _first_stamp(self) -> int:
        return self.stream.start_time or 0


@contextmanager
def opened(file: IO[bytes], seeking: Seeking = Seeking.FAST) -> Iterator[OpenedAudio]:
    """The audio in `file`, while the block runs.

    Raises:
        AudioRejected: as `open_audio`; `unplayable`, where damage ends the block.
    """
    audio = open_audio(file, seeking)
    try:
        with audio.container:
            yield audio
    except av.FFmpegError as error:
        raise AudioRejected(f"not audio that can be read: {error.strerror}", reason=Reason.UNPLAYABLE) from None


def open_audio(file: IO[bytes], seeking: Seeking = Seeking.FAST) -> OpenedAudio:
    """The audio in `file`, to be read from its beginning.

    Raises:
        AudioRejected: `unplayable`: none of the formats, no audio in it, or a codec that is not known here.
    """
    reader = _Reader(file, beginning(file))
    try:
        options = {**_OPTIONS, "fflags": seeking.value}
        container = av.open(reader, "r", options=options, metadata_errors="replace", buffer_size=_BUFFER_BYTES)
    except (av.FFmpegError, ValueError) as error:
        text = getattr(error, "strerror", None) or str(error)
        raise AudioRejected(f"not audio that can be read: {text[:200]}", reason=Reason.UNPLAYABLE) from None
    return OpenedAudio(container, _audio_of(container))


def decoded(packet: "Packet[AudioStream]") -> list[AudioFrame]:
    """The frames in a packet; none where it is damaged."""
    try:
        return list(packet.decode())
    except MemoryError:  # FFmpeg's own is both
        raise
    except av.FFmpegError:
        return []


def _audio_of(container: InputContainer) -> AudioStream:
    if not container.streams.audio:
        raise AudioRejected("there is no audio in it", reason=Reason.UNPLAYABLE)
    stream = container.streams.audio[0]
    if stream.codec_context is None:
        raise AudioRejected("its codec is not known here", reason=Reason.UNPLAYABLE)
    if stream.codec_context.name not in _CODECS:
        raise AudioRejected(f"the codec {stream.codec_context.name} is not heard here", reason=Reason.UNPLAYABLE)
    if not _RATES_HZ[0] <= stream.rate <= _RATES_HZ[1]:
        raise AudioRejected(f"a sample rate of {stream.rate} Hz is no music", reason=Reason.UNPLAYABLE)
    stream.codec_context.thread_count = 1  # a confined process can start no other
    for other in container.streams:
        if other.index != stream.index:
            other.discard = Discard.all
    return stream


class _Reader:
    """The file from `start` on, as FFmpeg may use it: it seeks where headers point, also before the beginning."""

    def __init__(self, file: IO[bytes], start: int) -> None:
        self.read = file.read
        self._file = file
        self._start = start
        file.seek(start)

    def tell(self) -> int:
        """Where the next byte comes from."""
        return self._file.tell() - self._start

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """The new position, or -1: to go nowhere is damage, no error."""
        target = offset + self._start if whence == io.SEEK_SET else offset
        if whence == io.SEEK_SET and target < self._start:
            return -1
        try:
            return self._file.seek(target, whence) - self._start
        except (OSError, ValueError, OverflowError):
            return -1
