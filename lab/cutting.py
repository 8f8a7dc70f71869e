"""The clips of a corpus as samples. Its files are anybody's: they are decoded in a confined process."""

import numpy as np

from earshot.confined.process import Confined
from earshot.errors import AudioRejected
from earshot.reasons import Reason
from lab.corpus import Clip
from lab.encoding import RATE, Samples, resampled

_WORKER = "lab.cutting_worker"  # named, not imported: the process that asks never loads it
_TIMEOUT_S = 60.0
_MOST_BYTES = 64 * 1024 * 1024
"""Thirty seconds of stereo at 192 kHz have 46 MB."""


class Cutter:
    """Decodes one clip at a time."""

    def __init__(self) -> None:
        self._process = Confined(_WORKER, _TIMEOUT_S)

    def samples(self, clip: Clip) -> Samples:
        """(n, 2) samples of the clip between -1 and 1 at 44,100 Hz; what is mono is so on both sides.

        Raises:
            AudioRejected: the file is no audio, or has nothing there.
            DecoderCrashed: the process died or hung on this file; it has been replaced.
            DecoderUnavailable: no process can be started.
        """
        with clip.file.open("rb") as file:
            note, content = self._process.ask(file.fileno(), {"start_s": clip.start_s}, max_bytes=_MOST_BYTES)
        heard = np.frombuffer(content, np.float32).reshape(-1, note["channels"])
        if not len(heard):
            raise AudioRejected(f"{clip.clip_id}: nothing at {clip.start_s:g} s", reason=Reason.NO_SAMPLES)
        stereo = heard if note["channels"] == 2 else np.repeat(heard, 2, axis=1)
        return np.clip(resampled(stereo, note["rate"], RATE), -1, 1)

    @property
    def pid(self) -> int | None:
        """The child process."""
        return self._process.pid

    def close(self) -> None:
        """End the process."""
        self._process.close()
