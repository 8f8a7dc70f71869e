"""Keeps covers and tracks in step: what no track has goes, what is missing is asked for again."""

from dataclasses import dataclass

from earshot.clock import seconds_until
from earshot.ids import TrackId
from earshot.messages import FetchCover
from earshot.stores.covers_bucket import CoversBucket
from earshot.stores.dynamodb import batches
from earshot.stores.message_queue import MessageQueue
from earshot.stores.tracks_table import TracksTable
from earshot.track import NO_COVER

_AT_ONCE = 100
"""Tracks in one message."""
_YOUNG_S = 24 * 3600.0
"""A cover that was put there since may be about to be noted on its tracks."""


@dataclass(frozen=True, slots=True)
class Swept:
    """How many covers were removed, and how many were asked for."""

    removed: int = 0
    asked: int = 0


@dataclass(frozen=True, slots=True)
class CoverSweep:
    """What sweeping works with. `covers`: None where none are kept."""

    tracks: TracksTable
    covers: CoversBucket | None
    fetch_queue: MessageQueue

    def run(self) -> Swept:
        """Look at all covers, then at all tracks: a cover that is put there meanwhile is not among those that go."""
        if self.covers is None:
            return Swept()
        held = dict(self.covers.held())
        used: set[str] = set()
        lacking: dict[str, list[TrackId]] = {}
        for track_id, cover_id, cover in self.tracks.covers():
            if cover:
                used.add(cover)
            if not cover or (cover != NO_COVER and cover not in held and not self.covers.exists(cover)):
                lacking.setdefault(cover_id, []).append(track_id)
        parts = [(cover_id, some) for cover_id, ids in lacking.items() for some in batches(ids, _AT_ONCE)]
        self.fetch_queue.send_all([FetchCover(cover_id, tuple(some)) for cover_id, some in parts])
        unused = [cover for cover, put in held.items() if cover not in used and -seconds_until(put) > _YOUNG_S]
        for cover in unused:
            self.covers.delete(cover)
        return Swept(len(unused), len(lacking))
