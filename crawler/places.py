"""Reading a list of which a service shows some places only, and which may change while it is read.

Services count places, and leave out the rows of those that they do not show (withdrawn, not for this country). So a
page is followed by the one that begins where its places end, not its rows, and what was left out proves no absence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from crawler.source import PAGE_SIZE, Page, PlaylistEntry
from earshot.reasons import Reason


@dataclass(frozen=True, slots=True)
class Reading:
    """How far a list has been read: the next place, and how many places and which version it had at the beginning."""

    place: int = 0
    total: int | None = None
    version: str = ""

    @classmethod
    def at(cls, cursor: str | None) -> Self:
        """The inverse of the cursors that `page` gives; those of older versions are a place alone."""
        place, _, rest = (cursor or "0").partition(":")
        total, _, version = rest.partition(":")
        return cls(int(place), int(total) if total else None, version)

    def page(self, rows: Sequence[PlaylistEntry], *, total: int | None, version: str, more: bool) -> Page:
        """The page of the `rows` that were shown of the next places.

        Places that were not shown are entries without a name. The last page ends with an entry that says so where the
        list was changed since the first.

        Args:
            rows: in their order, numbered from the next place on.
            total: places of the whole list now; None: not said.
            version: a text that changes with the list; empty: not known.
            more: whether the service says that there is another page.
        """
        end = self.place + PAGE_SIZE if more else max(self.place + len(rows), min(total or 0, self.place + PAGE_SIZE))
        hidden = range(self.place + len(rows), end)
        entries = [*rows, *(PlaylistEntry(number, reason=Reason.HIDDEN_ENTRY) for number in hidden)]
        if more:
            first = self.total if self.total is not None else total
            cursor = f"{end}:{'' if first is None else first}:{self.version or version}"
            return Page(tuple(entries), cursor)
        known, now = (self.total, self.version), (total, version)
        if any(before and after and before != after for before, after in zip(known, now, strict=True)):
            entries.append(PlaylistEntry(end, reason=Reason.LIST_CHANGED))
        return Page(tuple(entries), None)
