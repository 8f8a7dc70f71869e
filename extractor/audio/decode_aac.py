"""AAC and ALAC in MP4 containers, through PyAV. Nothing the file refers to is opened."""

import os
from collections.abc import Iterator

import numpy as np

from earshot.confined.ffmpeg import av
from earshot.errors import AudioRejected
from earshot.reasons import Reason
from extractor.audio.samples import Samples

_CODECS = {"aac", "alac", "mp3float"}


class AacSource:
    """The first audio stream of an MP4 file (`extractor.audio.samples.Source`)."""

    def __init__(self, file: int) -> None:
        opened = os.fdopen(file, "rb", closefd=False)
        try:
            self._container = av.open(
                opened, "r", format="mov", options={"enable_drefs": "0"}, metadata_errors="ignore"
            )
        except (av.FFmpegError, ValueError) as error:
            raise AudioRejected(f"not a readable MP4 file ({error})"[:300], reason=Reason.UNDECODABLE) from None
        if not self._container.streams.audio:
            raise AudioRejected("the MP4 file has no audio stream", reason=Reason.UNDECODABLE)
        self._stream = self._container.streams.audio[0]
        codec = self._stream.codec_context
        if codec.name not in _CODECS:
            raise AudioRejected(f"codec {codec.name} in MP4 is not supported", reason=Reason.UNSUPPORTED_FORMAT)
        self.rate = codec.sample_rate or 0
        self.channels = codec.channels or 0
        base = self._stream.time_base
        self.frames = int(self._stream.duration * base * self.rate) if self._stream.duration and base else 0

    def blocks(self, start: int) -> Iterator[Samples]:
        """(n, channels) blocks from frame `start` on."""
        try:
            if start:
                self._container.seek(start * 1_000_000 // self.rate)
            for frame in self._container.decode(self._stream):
                if frame.sample_rate != self.rate or frame.layout.nb_channels != self.channels:
                    raise AudioRejected("rate or channels change within the file", reason=Reason.UNDECODABLE)
                yield _samples(frame, start, self.rate)
        except av.FFmpegError as error:
            raise AudioRejected(f"decoding failed ({error})"[:300], reason=Reason.UNDECODABLE) from None


def _samples(frame: av.AudioFrame, start: int, rate: int) -> Samples:
    """(n, channels) float32 of a decoded frame, without what lies before `start`."""
    values = frame.to_ndarray()
    if values.dtype.kind == "i":
        values = values.astype(np.float32) * np.float32(2.0 ** (1 - 8 * values.itemsize))
    if not frame.format.is_planar:
        values = values.reshape(-1, frame.layout.nb_channels).T
    first = start - round(frame.time * rate) if start and frame.time is not None else 0
    samples: Samples = values.T.astype(np.float32, copy=False)
    return samples[max(0, first) :]
