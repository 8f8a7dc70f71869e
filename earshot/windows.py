"""A window of a file: what a cue sheet's track is of the recording that it shares with others.

Its URL says it as a fragment (Media Fragments URI 1.0, 4.2.1: ``#t=63.400,187.000``), its track's id is the hash of
the file's id and the window: the same part of the same audio is the same track, whatever the sheet calls it.
"""

import hashlib
import re
from dataclasses import dataclass, replace
from typing import Self

from earshot.ids import TrackId

_FRAGMENT = re.compile(r"t=(\d{1,7})\.(\d{3})(?:,(\d{1,7})\.(\d{3}))?")
_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Window:
    """From `start_ms` on, up to `end_ms` (exclusive; None: to the end of the file)."""

    start_ms: int
    end_ms: int | None = None

    @classmethod
    def of_url(cls, url: str | None) -> Self | None:
        """The window that the URL of a file names; None where it means the whole file."""
        found = _FRAGMENT.fullmatch((url or "").partition("#")[2])
        if not found:
            return None
        seconds, thousandths, end_seconds, end_thousandths = found.groups()
        end = None if end_seconds is None else int(end_seconds + end_thousandths)
        return cls(int(seconds + thousandths), end)

    @property
    def fragment(self) -> str:
        """As a URL says it."""
        end = "" if self.end_ms is None else f",{_seconds(self.end_ms)}"
        return f"t={_seconds(self.start_ms)}{end}"

    def within(self, length_ms: int) -> Self | None:
        """What of it lies in a file of this length, its end included; None: nothing does."""
        end = length_ms if self.end_ms is None else min(self.end_ms, length_ms)
        return replace(self, end_ms=end) if end > self.start_ms else None

    def track_id(self, whole: TrackId) -> TrackId:
        """The id of the track that the window is of the file `whole`."""
        digest = hashlib.sha256(f"{whole}#{self.fragment}".encode()).hexdigest()
        return TrackId(f"file:{digest[:_DIGITS]}")


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds // 1000}.{milliseconds % 1000:03d}"
