"""Where reading a list has come to that changes meanwhile.

What a server holds changes while it is read. A cursor therefore names the last thing that was read besides its place:
the next page begins after that, wherever it is by then.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Self

from earshot.ids import escaped, unescaped

OVERLAP = 20
"""So many of what was read before are listed again: as many may be added or removed meanwhile without harm."""


class Place(NamedTuple):
    """`number` of the next entry; the `place` after the `last` that was read; of an album, how many `songs` were."""

    number: int = 0
    place: int = 0
    songs: int = 0
    last: str = ""

    @classmethod
    def parsed(cls, cursor: str | None) -> Self:
        """The inverse of `str`; None: the beginning."""
        if cursor is None:
            return cls()
        number, place, songs, last = cursor.split(":", 3)
        return cls(int(number), int(place), int(songs), unescaped(last))

    def __str__(self) -> str:
        return f"{self.number}:{self.place}:{self.songs}:{escaped(self.last)}"

    @property
    def start(self) -> int:
        """Where the next listing begins, in what the server numbers."""
        return max(0, self.place - OVERLAP)

    def after(self, listed: Sequence[object], called: Callable[[object], str], start: int = 0) -> int:
        """How many of `listed`, which begins at place `start`, were read: the last one is where it was, or nearest.

        Of what is gone altogether nobody knows the place; then as much is read again as is at hand, rather than too
        little.
        """
        expected = self.place - start
        if not self.last:
            return min(expected, len(listed))
        places = [place + 1 for place, one in enumerate(listed) if called(one) == self.last]
        return min(places, key=lambda place: abs(place - expected), default=0)
