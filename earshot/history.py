"""All that a listener has ever heard, as little of it as "not for a year" and "never" need: small, and read at once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from earshot.clock import Timestamp
from earshot.ids import TrackId

MOST_TRACKS = 20_000
"""Of a listener; of more those that were heard last. About 30 bytes each, 0.6 MB of all."""
_PER_PAGE = 4_000
"""Ids have at most 64 letters or so: a page stays below the 400 kB that an item of DynamoDB may have."""
MOST_PAGES = MOST_TRACKS // _PER_PAGE
_DAY_S = 86_400


class LastHeard(NamedTuple):
    """When a track was heard last, in days since 1970, and how often in all; left early counts."""

    day: int
    times: int


@dataclass(frozen=True, slots=True)
class History:
    """What a listener has heard until it was made. `plays`: how many in all, also of what the catalogue lacks."""

    tracks: Mapping[TrackId, LastHeard]
    plays: int
    made_at: Timestamp

    def heard_since(self, at_s: float) -> set[TrackId]:
        """Tracks that were heard since a time (Unix seconds), or earlier on the same day."""
        first = int(at_s // _DAY_S)
        return {track_id for track_id, last in self.tracks.items() if last.day >= first}


def to_pages(tracks: Mapping[TrackId, LastHeard]) -> list[str]:
    """A line for each track (id, day, times), in pages that an item of a table can hold."""
    lines = [f"{track_id} {last.day} {last.times}" for track_id, last in tracks.items()]
    return ["\n".join(lines[first : first + _PER_PAGE]) for first in range(0, len(lines), _PER_PAGE)]


def from_pages(pages: Iterable[str]) -> dict[TrackId, LastHeard]:
    """What `to_pages` made pages of."""
    return dict(_read(pages))


def _read(pages: Iterable[str]) -> Iterator[tuple[TrackId, LastHeard]]:
    for page in pages:
        for line in page.splitlines():
            track_id, day, times = line.rsplit(" ", 2)
            yield TrackId(track_id), LastHeard(int(day), int(times))
