"""Where reading a list has come to that changes meanwhile.

What a server holds changes while it is read. A cursor therefore names the last thing that was read besides its place:
the next page begins after that, wherever it is by then.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Self

from crawler.source import Page, PlaylistEntry
from earshot.ids import escaped, unescaped
from earshot.reasons import Reason

OVERLAP = 20
"""So many of what was read before are listed again: as many may be added or removed meanwhile without harm."""


class Place(NamedTuple):
    """`number` of the next entry; the `place` after the `last` that was read; of an album, how many `songs` were.

    `is_lost`: what was read last was gone when the next page was asked for, once at least.
    """

    number: int = 0
    place: int = 0
    songs: int = 0
    last: str = ""
    is_lost: bool = False

    @classmethod
    def parsed(cls, cursor: str | None) -> Self:
        """The inverse of `str`; None: the beginning."""
        if cursor is None:
            return cls()
        number, place, songs, last, *lost = cursor.split(":")
        return cls(int(number), int(place), int(songs), unescaped(last), bool(lost))

    def __str__(self) -> str:
        return f"{self.number}:{self.place}:{self.songs}:{escaped(self.last)}" + (":lost" if self.is_lost else "")

    @property
    def start(self) -> int:
        """Where the next listing begins, in what the server numbers."""
        return max(0, self.place - OVERLAP)

    def after(self, listed: Sequence[object], called: Callable[[object], str], start: int = 0) -> tuple[int, Self]:
        """How many of `listed`, which begins at place `start`, were read, and the place with what that showed.

        The last one is where it was, or nearest. Of what is gone altogether nobody knows the place; then as much is
        read again as is at hand, rather than too little.
        """
        expected = self.place - start
        if not self.last:
            return min(expected, len(listed)), self
        places = [place + 1 for place, one in enumerate(listed) if called(one) == self.last]
        if not places:
            return 0, self._replace(is_lost=True)
        return min(places, key=lambda place: abs(place - expected)), self

    def end(self, entries: Sequence[PlaylistEntry]) -> Page:
        """The last page. Where the place was lost on the way, it says that the list was changed: nothing is proven
        absent then."""
        changed = PlaylistEntry(self.number + len(entries), reason=Reason.LIST_CHANGED)
        return Page((*entries, changed) if self.is_lost else tuple(entries), None)
