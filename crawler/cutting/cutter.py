"""Cutting in a process of its own: the crawler holds what it needs to ask other services, and own files are anybody's.

Functions in the cloud see no files of yours: their zip holds neither this process's code nor FFmpeg.
"""

from typing import BinaryIO

from earshot.confined.process import Confined
from earshot.windows import Window

_WORKER = "crawler.cutting.worker"  # named, not imported: the crawler never loads a decoder
TIMEOUT_S = 40.0
"""Longest time for one file; it is read once before, and both must fit into the function's minute."""


class Cutter:
    """Cuts one file at a time in a confined process, which is started at the first.

    Args:
        timeout_s: a file that takes longer is given up.
    """

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._process: Confined | None = None

    def clip(self, file: BinaryIO, *, max_bytes: int, window: Window | None = None) -> bytes:
        """What of the file, or of a window of it, goes to the extractor: see `crawler.cutting.clip.clip_of`.

        Raises:
            AudioRejected: `unplayable`, `too_large`, `too_much_memory`, `bad_sheet`.
            DecoderCrashed: the process died or hung on this file; it has been replaced.
            DecoderUnavailable: no process can be started.
        """
        if self._process is None:
            self._process = Confined(_WORKER, self._timeout_s)
        wanted = {"max_bytes": max_bytes, "window": (window.start_ms, window.end_ms) if window else None}
        return self._process.ask(file.fileno(), wanted, max_bytes=max_bytes).content

    @property
    def pid(self) -> int | None:
        """The child process, where there is one."""
        return self._process.pid if self._process else None

    def close(self) -> None:
        """End the child process."""
        if self._process:
            self._process.close()
