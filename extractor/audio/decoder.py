"""Decoding in a process of its own, so that a file which crashes, hangs or bloats the decoder takes nothing with it."""

import numpy as np

from earshot.confined.process import Confined
from earshot.errors import AudioRejected
from earshot.reasons import Reason
from extractor.audio import decode_worker
from extractor.audio.loudness import Loudness
from extractor.audio.memory_file import in_memory
from extractor.audio.samples import MAX_CLIP_S, Audio

MAX_BYTES = 64 * 1024 * 1024
"""The largest file that is decoded; it lies in memory once, outside the decoder's."""
_SAMPLE_BYTES = np.dtype(np.float32).itemsize


class Decoder:
    """Decodes one file at a time in a confined process.

    Args:
        rate: sample rate to deliver, Hz.
        min_seconds: shorter audio is refused.
        timeout_s: a file that takes longer is given up.
    """

    def __init__(self, rate: int, min_seconds: float, timeout_s: float = 20.0) -> None:
        self._rate = rate
        self._min_seconds = min_seconds
        self._process = Confined(decode_worker.__name__, timeout_s)

    def decode(self, data: bytes) -> Audio:
        """Mono audio of an encoded file.

        Raises:
            AudioRejected: as `extractor.audio.decode.decode`; also `too_large` (over `MAX_BYTES`), `too_much_memory`.
            DecoderCrashed: the process died or hung on this file; it has been replaced.
            DecoderUnavailable: no process can be started.
        """
        if len(data) > MAX_BYTES:
            raise AudioRejected(f"{len(data)} bytes, the decoder takes {MAX_BYTES}", reason=Reason.TOO_LARGE)
        most = int((MAX_CLIP_S + 1) * self._rate) * _SAMPLE_BYTES
        with in_memory(data) as file:
            note, samples = self._process.ask(
                file, {"rate": self._rate, "min_seconds": self._min_seconds}, max_bytes=most
            )
        loudness = Loudness(note["integrated"], note["range"])
        return Audio(np.frombuffer(samples, np.float32), self._rate, note["seconds"], loudness)

    @property
    def pid(self) -> int | None:
        """The child process; None when it died and the next file has yet to start another."""
        return self._process.pid

    def close(self) -> None:
        """End the child process."""
        self._process.close()
