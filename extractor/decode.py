"""Audio bytes -> mono float32 at the network's rate, in bounded memory, or a reason why not.

libsndfile reads WAV, FLAC, Ogg (Vorbis, Opus), MP3 and AIFF. AAC in an MP4 container, as iTunes previews come, is read
by PyAV, which is imported only for it.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from earshot.errors import AudioRejected
from extractor.mp3 import with_frame_count

Samples = npt.NDArray[np.float32]

CLIP_S = 30.0
"""Of a longer file the middle 30 s are used; one that is up to a second longer is a preview, used whole."""
_TOLERANCE_S = 1.0
_FORMATS = {"WAV", "WAVEX", "RF64", "FLAC", "OGG", "MP3", "AIFF", "CAF"}
_RATES = (4_000, 384_000)
_MAX_CHANNELS = 16
_BLOCK = 65_536
_SILENT_RANGE = 4 / 32768
"""Highest minus lowest sample: four steps of 16-bit audio, what dither alone spans."""
_EDGE_S = 0.05
"""A constant rings where the resampler meets its ends."""
_MAX_PEAK = 64.0
"""Full scale is 1; far beyond it the samples are integers mislabelled as floats, or damage."""


@dataclass(frozen=True, slots=True)
class Audio:
    """Mono `samples` at `rate` Hz, full scale ±1; `seconds` of the source that they cover."""

    samples: Samples
    rate: int
    seconds: float


class Source(Protocol):
    """An opened file: what it says of itself, and its frames from a given one on."""

    rate: int
    channels: int
    frames: int
    """As the header says, which may be wrong; 0 where it says nothing."""

    def blocks(self, start: int) -> Iterator[Samples]:
        """(n, channels) blocks from frame `start` on; only once.

        Raises:
            AudioRejected: `undecodable`, where the damage begins.
        """


def decode(data: bytes, rate: int, min_seconds: float) -> Audio:
    """Mono audio of `data` at `rate` Hz.

    Raises:
        AudioRejected: reasons `empty`, `undecodable`, `unsupported_format`, `bad_sample_rate`, `bad_channels`,
            `no_samples`, `too_short` (less than `min_seconds`), `not_finite`, `out_of_range`, `silent`.
    """
    if not data:
        raise AudioRejected("the file is empty", reason="empty")
    source = _open(data)
    if not _RATES[0] <= source.rate <= _RATES[1]:
        raise AudioRejected(f"sample rate {source.rate} Hz is outside {_RATES}", reason="bad_sample_rate")
    if not 1 <= source.channels <= _MAX_CHANNELS:
        raise AudioRejected(f"{source.channels} channels, the limit is {_MAX_CHANNELS}", reason="bad_channels")
    start, limit = 0, int((CLIP_S + _TOLERANCE_S) * source.rate)
    if source.frames > limit:
        limit = int(CLIP_S * source.rate)
        start = (source.frames - limit) // 2
    least = int(min_seconds * source.rate)
    samples, frames = _mix(source, start, limit, rate, least=0 if start else least)
    if start and frames < limit:  # the header promised more than there is, or the middle is damaged
        source = _open(data)
        samples, frames = _mix(source, 0, limit, rate, least=least)
    _check(samples, rate, frames / source.rate, min_seconds)
    return Audio(samples, rate, frames / source.rate)


def _open(data: bytes) -> Source:
    if data[4:8] == b"ftyp":
        try:
            from extractor.decode_aac import AacSource  # PyAV is large and rarely needed
        except ModuleNotFoundError:
            raise AudioRejected("AAC in MP4 needs PyAV, which is not installed", reason="unsupported_format") from None
        return AacSource(data)
    return _SndfileSource(data)


class _Stream(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """A file that is read once, from front to back."""

    def seekable(self) -> bool:
        """No: where it may, soundfile seeks to where it is after every read, which costs an MP3 a frame's decoding."""
        return False


class _SndfileSource:
    def __init__(self, data: bytes) -> None:
        try:
            self._file = _Stream(io.BytesIO(with_frame_count(data)))
        except (soundfile.LibsndfileError, TypeError) as error:
            raise AudioRejected(f"no audio format known here ({_text(error)})", reason="undecodable") from None
        if self._file.format not in _FORMATS:
            raise AudioRejected(f"format {self._file.format} is not supported", reason="unsupported_format")
        self.rate = self._file.samplerate
        self.channels = self._file.channels
        self.frames = self._file.frames

    def blocks(self, start: int) -> Iterator[Samples]:
        buffer = np.empty((_BLOCK, self.channels), np.float32)
        try:
            self._file.seek(start)
            while len(block := self._file.read(out=buffer)):
                yield block
        except soundfile.LibsndfileError as error:
            raise AudioRejected(f"decoding failed ({_text(error)})", reason="undecodable") from None


def _mix(source: Source, start: int, limit: int, rate: int, *, least: int) -> tuple[Samples, int]:
    """Mono samples at `rate` of at most `limit` frames from `start` on, and how many frames there were.

    The channels are summed first and divided once they are resampled and few. Of a torn file, what comes before the
    damage.

    Raises:
        AudioRejected: `undecodable`, before there were `least` frames.
    """
    same = source.rate == rate
    resampler = None if same else soxr.ResampleStream(source.rate, rate, 1, dtype="float32", quality="HQ")
    parts, frames = [], 0
    try:
        for block in source.blocks(start):
            mono = _sum(block[: limit - frames])
            frames += len(mono)
            parts.append(resampler.resample_chunk(mono) if resampler else mono)
            if frames >= limit:
                break
    except AudioRejected:
        if frames < least:
            raise
    if resampler:
        parts.append(resampler.resample_chunk(np.empty(0, np.float32), last=True))
    samples: Samples = np.concatenate([np.empty(0, np.float32), *parts])
    samples *= np.float32(1 / source.channels)
    return samples, frames


def _sum(block: Samples) -> Samples:
    """(n, channels) -> (n,), a new array. `sum(axis=1)` takes thirty times as long on two channels."""
    if block.shape[1] == 1:
        return block[:, 0].copy()
    total: Samples = block[:, 0] + block[:, 1]
    for channel in range(2, block.shape[1]):
        total += block[:, channel]
    return total


def _check(samples: Samples, rate: int, seconds: float, min_seconds: float) -> None:
    if not len(samples):
        raise AudioRejected("the file holds no samples", reason="no_samples")
    if seconds < min_seconds:
        raise AudioRejected(f"{seconds:.2f} s of audio, {min_seconds} are needed", reason="too_short")
    low, high = float(samples.min()), float(samples.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise AudioRejected("the samples are not all finite", reason="not_finite")
    if max(-low, high) > _MAX_PEAK:
        raise AudioRejected(f"samples reach {max(-low, high):.3g}, full scale is 1", reason="out_of_range")
    edge = int(_EDGE_S * rate)
    if float(np.ptp(samples[edge:-edge])) < _SILENT_RANGE:
        raise AudioRejected("the mono mix is silent or constant", reason="silent")


def _text(error: Exception) -> str:
    return str(getattr(error, "error_string", "") or error)[:200]
