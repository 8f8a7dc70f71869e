"""What libsndfile does not read, through FFmpeg. Nothing the file refers to is opened."""

import os
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np

from earshot.audio.container import decoded, open_audio
from earshot.confined.ffmpeg import av
from earshot.errors import AudioRejected
from earshot.reasons import Reason
from extractor.audio.samples import Samples

_BLOCK = 65_536
_DEAF_PACKETS = 2_000
"""Packets without a sample after which a file is given up: a damaged one may have millions."""


class FfmpegSource:
    """The first audio stream of a file (`extractor.audio.samples.Source`).

    Its rate and its channels are those of the first frame: headers may speak of others.
    """

    def __init__(self, file: int) -> None:
        try:
            self._audio = open_audio(os.fdopen(file, "rb", closefd=False))
        except AudioRejected as error:
            raise AudioRejected(error.message, reason=Reason.UNDECODABLE) from None
        self._decoded = self._from_here()
        first = next(self._decoded, None)
        if first is None:
            raise AudioRejected("no audio in it could be decoded", reason=Reason.UNDECODABLE)
        self._first: av.AudioFrame = first
        self.rate: int = first.sample_rate
        self.channels: int = first.layout.nb_channels
        self.frames = int((self._audio.stated_s or 0) * self.rate)

    def blocks(self, start: int) -> Iterator[Samples]:
        """(n, channels) blocks from frame `start` on; each is overwritten by the next."""
        block, filled = np.empty((self.channels, _BLOCK), np.float32), 0
        try:
            for frame in self._frames(start):
                values = self._values(frame, start)
                count = len(values[0])
                if filled and filled + count > _BLOCK:
                    yield block[:, :filled].T
                    filled = 0
                if count > _BLOCK:
                    yield np.stack(values).T
                else:
                    for channel, samples in enumerate(values):
                        block[channel, filled : filled + count] = samples
                    filled += count
        except (av.FFmpegError, AudioRejected) as error:
            yield block[:, :filled].T
            raise AudioRejected(f"decoding failed ({error})"[:300], reason=Reason.UNDECODABLE) from None
        yield block[:, :filled].T

    def _frames(self, start: int) -> Iterator[av.AudioFrame]:
        if start:
            self._audio.seek(Fraction(start, self.rate))
            yield from self._from_here()
        else:
            yield self._first
            yield from self._decoded

    def _from_here(self) -> Iterator[av.AudioFrame]:
        """Damaged packets are passed over: a copied clip also lacks what its first ones build on."""
        heard = False
        for number, packet in enumerate(self._audio.packets()):
            for frame in decoded(packet):
                if frame.samples:
                    heard = True
                    yield frame
            if not heard and number >= _DEAF_PACKETS:
                return

    def _values(self, frame: av.AudioFrame, start: int) -> Sequence[Samples]:
        """Of each channel the samples of a decoded frame, without what lies before frame `start`."""
        if frame.sample_rate != self.rate:
            raise AudioRejected("the sample rate changes within the file", reason=Reason.UNDECODABLE)
        values = _samples(frame)
        if len(values) != self.channels:  # the mix is all that is wanted of them
            values = [np.mean(values, axis=0)] * self.channels
        at = self._audio.time_of(frame) if start else None
        late = 0 if at is None else max(0, start - round(at * self.rate))
        return [samples[late:] for samples in values] if late else values


def _samples(frame: av.AudioFrame) -> Sequence[Samples]:
    """Of each channel the samples of a decoded frame, full scale ±1."""
    if frame.format.name == "fltp":  # of most decoders, and `to_ndarray` takes its time
        return [np.frombuffer(memoryview(plane), np.float32, frame.samples) for plane in frame.planes]
    values = frame.to_ndarray()
    if not frame.format.is_planar:
        values = values.reshape(-1, frame.layout.nb_channels).T
    if values.dtype == np.uint8:
        values = (values.astype(np.float32) - np.float32(128)) * np.float32(1 / 128)
    elif values.dtype.kind == "i":
        values = values.astype(np.float32) * np.float32(2.0 ** (1 - 8 * values.itemsize))
    return list(values.astype(np.float32, copy=False))
