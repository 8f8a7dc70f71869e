"""Audio bytes -> mono float32 at the network's rate, in bounded memory, or a reason why not.

libsndfile, which is the faster, reads what it knows of WAV, FLAC, Ogg (Vorbis, Opus), MP3, AIFF and CAF. FFmpeg reads
the rest, and what libsndfile refuses of those. Only the confined process (`extractor.audio.decode_worker`) imports
this, and what tries or measures it.
"""

import os
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np
import soundfile
import soxr

from earshot.audio.container import opened
from earshot.audio.id3 import tag_bytes
from earshot.audio.window import clip_start
from earshot.errors import AudioRejected
from earshot.reasons import Reason
from extractor.audio.decode_ffmpeg import FfmpegSource
from extractor.audio.loudness import Loudness, LoudnessMeter
from extractor.audio.memory_file import in_memory
from extractor.audio.samples import CLIP_S, MAX_CLIP_S, Audio, Samples, Source

_FORMATS = {"WAV", "WAVEX", "RF64", "FLAC", "OGG", "MP3", "AIFF", "CAF"}
_Opens = Callable[[int], Source]
"""From a file's descriptor to what it holds."""
_HEAD_BYTES = 16
_ADTS = (b"\xf0", b"\xf1", b"\xf8", b"\xf9")
"""Second bytes of a frame of MPEG-2 or MPEG-4 AAC, with and without a checksum."""
_PERHAPS_FOR_FFMPEG = (Reason.UNDECODABLE, Reason.UNSUPPORTED_FORMAT, Reason.NO_SAMPLES)
_RATES = (4_000, 384_000)
_MAX_CHANNELS = 16
_BLOCK = 65_536
_SILENT_RANGE = 4 / 32768
"""Highest minus lowest sample: four steps of 16-bit audio, what dither alone spans."""
_EDGE_S = 0.05
"""A constant rings where the resampler meets its ends."""
_MAX_PEAK = 64.0
"""Full scale is 1; far beyond it the samples are integers mislabelled as floats, or damage."""


def decode(data: bytes, rate: int, min_seconds: float) -> Audio:
    """Mono audio of `data`, an encoded file, at `rate` Hz.

    Raises:
        AudioRejected: as `decode_file`.
    """
    with in_memory(data) as file:
        return decode_file(file, rate, min_seconds)


def decode_file(file: int, rate: int, min_seconds: float) -> Audio:
    """Mono audio of the file with descriptor `file` at `rate` Hz.

    Raises:
        AudioRejected: reasons `empty`, `undecodable`, `unsupported_format`, `bad_sample_rate`, `bad_channels`,
            `no_samples`, `too_short` (less than `min_seconds`), `not_finite`, `out_of_range`, `silent`.
    """
    head = os.pread(file, _HEAD_BYTES, 0)
    if not head:
        raise AudioRejected("the file is empty", reason=Reason.EMPTY)
    if _is_for_ffmpeg(file, head):
        return _heard(_open(FfmpegSource, file), FfmpegSource, file, rate, min_seconds)
    try:
        source = _open(_SndfileSource, file)
    except AudioRejected as unknown:
        return _heard_by_ffmpeg(file, rate, min_seconds, otherwise=unknown)
    try:
        return _heard(source, _SndfileSource, file, rate, min_seconds)
    except AudioRejected as damaged:
        if damaged.reason not in _PERHAPS_FOR_FFMPEG:
            raise
        try:
            return _heard_by_ffmpeg(file, rate, min_seconds, otherwise=damaged)
        except AudioRejected:
            raise damaged from None


def _heard_by_ffmpeg(file: int, rate: int, min_seconds: float, *, otherwise: AudioRejected) -> Audio:
    """What libsndfile could not hear. Raises `otherwise` where FFmpeg does not know it either."""
    try:
        source = _open(FfmpegSource, file)
    except AudioRejected:
        raise otherwise from None
    return _heard(source, FfmpegSource, file, rate, min_seconds)


def _is_for_ffmpeg(file: int, head: bytes) -> bool:
    """Whether libsndfile is not to be asked: MP4, and ADTS, in which its MP3 decoder would hear something."""
    if tag := tag_bytes(head):
        head = os.pread(file, _HEAD_BYTES, tag)
    return head[4:8] == b"ftyp" or (head[:1] == b"\xff" and head[1:2] in _ADTS)


def _heard(source: Source, kind: _Opens, file: int, rate: int, min_seconds: float) -> Audio:
    if not _RATES[0] <= source.rate <= _RATES[1]:
        raise AudioRejected(f"sample rate {source.rate} Hz is outside {_RATES}", reason=Reason.BAD_SAMPLE_RATE)
    if not 1 <= source.channels <= _MAX_CHANNELS:
        raise AudioRejected(f"{source.channels} channels, the limit is {_MAX_CHANNELS}", reason=Reason.BAD_CHANNELS)
    start, limit = 0, int(MAX_CLIP_S * source.rate)
    if source.frames > limit:
        limit = int(CLIP_S * source.rate)
        start = _start_of_clip(file, source)
        source = _open(kind, file)
    least = int(min_seconds * source.rate)
    samples, frames, loudness = _mix(source, start, limit, rate, least=0 if start else least)
    if start and frames < limit:  # the header promised more than there is, or the part is damaged
        source = _open(kind, file)
        samples, frames, loudness = _mix(source, 0, limit, rate, least=least)
    _check(samples, rate, frames / source.rate, min_seconds)
    return Audio(samples, rate, frames / source.rate, loudness)


def _start_of_clip(file: int, source: Source) -> int:
    """The frame at which the clip of a long file begins; that of the middle, where FFmpeg cannot listen to the file."""
    length = Fraction(source.frames, source.rate)
    try:
        with os.fdopen(file, "rb", closefd=False) as again, opened(again) as audio:
            return int(clip_start(audio, length) * source.rate)
    except AudioRejected:
        return (source.frames - int(CLIP_S * source.rate)) // 2


def _open(kind: _Opens, file: int) -> Source:
    os.lseek(file, 0, os.SEEK_SET)
    return kind(file)


_WAV_OF_XIPH = [0, 2, 1, 5, 3, 4]
"""Channels of 5.1 in the order of WAV: libsndfile gives those of Vorbis and Opus as Xiph orders them, effects last."""


class _Stream(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """A file that is read once, from front to back."""

    def seekable(self) -> bool:
        """No: where it may, soundfile seeks to where it is after every read, which costs an MP3 a frame's decoding."""
        return False


class _SndfileSource:
    def __init__(self, file: int) -> None:
        try:
            self._file = _Stream(file, closefd=False)
        except (soundfile.LibsndfileError, TypeError) as error:
            raise AudioRejected(f"no audio format known here ({_text(error)})", reason=Reason.UNDECODABLE) from None
        if self._file.format not in _FORMATS:
            raise AudioRejected(f"format {self._file.format} is not supported", reason=Reason.UNSUPPORTED_FORMAT)
        self.rate = self._file.samplerate
        self.channels = self._file.channels
        self.frames = self._file.frames
        self._order = _WAV_OF_XIPH if self._file.format == "OGG" and self.channels == len(_WAV_OF_XIPH) else None

    def blocks(self, start: int) -> Iterator[Samples]:
        buffer = np.empty((_BLOCK, self.channels), np.float32)
        try:
            self._file.seek(start)
            while len(block := self._file.read(out=buffer)):
                yield block if self._order is None else block[:, self._order]
        except soundfile.LibsndfileError as error:
            raise AudioRejected(f"decoding failed ({_text(error)})", reason=Reason.UNDECODABLE) from None


def _mix(source: Source, start: int, limit: int, rate: int, *, least: int) -> tuple[Samples, int, Loudness]:
    """Mono samples at `rate` of at most `limit` frames from `start` on, how many frames there were, and how loud.

    Of a torn file, what comes before the damage. Down-mixed block by block, resampled once: a fifth faster than block
    by block. The channels are summed first and divided once they are resampled and few.

    Raises:
        AudioRejected: `undecodable`, before there were `least` frames.
    """
    mono, frames, meter = np.empty(limit, np.float32), 0, LoudnessMeter(source.rate, source.channels)
    try:
        for block in source.blocks(start):
            used = block[: limit - frames]
            _sum(used, mono[frames : frames + len(used)])
            meter.add(used)
            frames += len(used)
            if frames >= limit:
                break
    except AudioRejected:
        if frames < least:
            raise
    samples: Samples = mono[:frames]
    if source.rate != rate and frames:
        samples = soxr.resample(samples, source.rate, rate, quality="HQ")
    samples *= np.float32(1 / source.channels)
    return samples, frames, meter.measured()


def _sum(block: Samples, mono: Samples) -> None:
    """(n, channels) -> (n,). `sum(axis=1)` takes thirty times as long on two channels."""
    np.add(block[:, 0], block[:, 1] if block.shape[1] > 1 else 0, out=mono)
    for channel in range(2, block.shape[1]):
        mono += block[:, channel]


def _check(samples: Samples, rate: int, seconds: float, min_seconds: float) -> None:
    if not len(samples):
        raise AudioRejected("the file holds no samples", reason=Reason.NO_SAMPLES)
    if seconds < min_seconds:
        raise AudioRejected(f"{seconds:.2f} s of audio, {min_seconds} are needed", reason=Reason.TOO_SHORT)
    edge = int(_EDGE_S * rate)
    inner, edges = samples[edge:-edge], np.concatenate([samples[:edge], samples[-edge:]])
    inner_low, inner_high = inner.min(), inner.max()
    low, high = float(np.minimum(inner_low, edges.min())), float(np.maximum(inner_high, edges.max()))
    if not (np.isfinite(low) and np.isfinite(high)):
        raise AudioRejected("the samples are not all finite", reason=Reason.NOT_FINITE)
    if max(-low, high) > _MAX_PEAK:
        raise AudioRejected(f"samples reach {max(-low, high):.3g}, full scale is 1", reason=Reason.OUT_OF_RANGE)
    if inner_high - inner_low < _SILENT_RANGE:
        raise AudioRejected("the mono mix is silent or constant", reason=Reason.SILENT)


def _text(error: Exception) -> str:
    return str(getattr(error, "error_string", "") or error)[:200]
