"""By the clock: what could not be indexed is tried again, and index and table are compared, a slice at a time.

Nothing here writes to the index. Tracks that differ are named in the queue of its one writer; a name too many changes
nothing.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from annoy_service.comparison import Comparison, Slice
from annoy_service.fold import in_portions
from annoy_service.generations import outgoing
from annoy_service.services import Services
from annoy_service.stream import PER_MESSAGE
from earshot.clock import epoch
from earshot.errors import InvalidInput
from earshot.ids import TrackId
from earshot.messages import TrackNotIndexed, TracksChanged
from earshot.stores.message_queue import FifoQueue, Letters
from earshot.telemetry import emit, logger

EVERY_S = 6 * 3600
"""How often it is woken (serverless.yml)."""
SLICES = 28
"""So that a week looks at all tracks."""


@dataclass(frozen=True, slots=True)
class ReconcileIndex:
    """`parked`: what was given up. `dead`: what killed the function that worked on it, as often as it came."""

    services: Services
    changes: FifoQueue
    parked: Letters
    dead: Sequence[Letters]

    def ask_again(self) -> int:
        """Name the tracks again whose indexing failed; returns how many."""
        asked = 0
        all_that_are_there = [(letters, letter) for letters in (self.parked, *self.dead) for letter in letters]
        for letters, letter in all_that_are_there:  # before any of them comes back, having failed again
            if letters is not self.parked:
                logger().error("given up", body=letter.body, error="the function died of it")
                emit("WorkGivenUp", reason="FunctionDied")
            track_ids = _named_in(letter.body)
            self._name(track_ids)
            letters.remove(letter)
            asked += len(track_ids)
        emit("TracksIndexedAgain", asked)
        return asked

    def compare(self, time_is_up: Callable[[], bool], now: Callable[[], float] = epoch) -> int:
        """Name the tracks of this hour's slice that table and index hold differently; returns how many.

        While another recipe of the same network serves until the leading one covers the catalogue, that is of all
        slices, as far as time allows: all that it takes lies in the table.

        Raises:
            DamagedIndex: it cannot be read; `make repair` can build it anew.
        """
        old, first = outgoing(self.services), int(now() // EVERY_S) % SLICES
        fills_a_generation = old is not None and old.recipe.network == self.services.network
        comparison = Comparison(self.services)
        differing = 0
        for number in range(SLICES if fills_a_generation else 1):
            part = Slice((first + number) % SLICES, SLICES)
            differing += self._compare_slice(part, comparison, time_is_up)
            if time_is_up():
                break
        emit("IndexDifferences", differing)
        return differing

    def _compare_slice(self, part: Slice, comparison: Comparison, time_is_up: Callable[[], bool]) -> int:
        table = self.services.table
        differing = looked_at = 0
        for found in comparison.differing(table.scan_items(part.number, part.of)):
            self._name([*found.tracks, *found.unreadable])
            differing += len(found.tracks)
            looked_at += len(found.looked_at)
            if time_is_up():
                logger().warning("the rest of these tracks is looked at in a week", looked_at=looked_at)
                return differing
        for track_ids in in_portions({each for each in comparison.indexed() if each in part}, PER_MESSAGE):
            there = table.states(track_ids)
            gone = [each for each in track_ids if each not in there]
            self._name(gone)
            differing += len(gone)
            if time_is_up():
                break
        return differing

    def _name(self, track_ids: Sequence[TrackId]) -> None:
        for portion in in_portions(track_ids, PER_MESSAGE):
            self.changes.send(TracksChanged(tuple(portion)))


def _named_in(body: str) -> tuple[TrackId, ...]:
    """The tracks that a message which failed was about: none for positions in the stream and requests for upkeep, to
    which the comparison and the next change see."""
    try:
        named = json.loads(body)
        if "track_ids" in named:
            return TracksChanged.from_json(body).track_ids
        return (TrackId(TrackNotIndexed.from_json(body).track_id),)
    except (ValueError, TypeError, InvalidInput):
        return ()
