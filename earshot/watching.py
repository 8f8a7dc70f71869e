"""Whether music is to be heard again: a folder that has changed, asked now and then (no events, which network disks do
not give), or a media server, which tells nobody, from time to time."""

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path


class Watched:
    """A folder that is looked at. Nothing of its files is read but names, sizes and times.

    Args:
        folder: with all that is below it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._seen: bytes | None = None
        self._crawled: bytes | None = None

    def is_to_be_crawled(self) -> bool:
        """Whether it is otherwise than when this was last true, and as it was at the look before: nobody is copying.

        A folder that cannot be listed, or holds nothing, as when its disk is away, never is.
        """
        before, self._seen = self._seen, _look(self.folder)
        if self._seen is None or self._seen != before or self._seen == self._crawled:
            return False
        self._crawled = self._seen
        return True


class Recurring:
    """What is crawled from time to time: who reads a server's lists again pays for the lists, not for the music.

    Args:
        playlist: as people call it.
        every_s: seconds between two crawls.
        now: a clock, in seconds.
    """

    def __init__(self, playlist: str, every_s: float, now: Callable[[], float] = time.monotonic) -> None:
        self.playlist = playlist
        self._every_s = every_s
        self._now = now
        self._due: float | None = None

    def is_to_be_crawled(self) -> bool:
        """Whether it is time again; at the first look it is."""
        if self._due is not None and self._now() < self._due:
            return False
        self._due = self._now() + self._every_s
        return True


def _look(folder: Path) -> bytes | None:
    """A digest of what there is; None: nothing."""
    seen, digest = 0, hashlib.sha256()
    for place, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = Path(place, name)
            try:
                state = path.stat()
            except OSError:
                continue  # gone since it was listed, or a link that leads nowhere
            seen += 1
            digest.update(os.fsencode(path))
            digest.update(f"\0{state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.digest() if seen else None
