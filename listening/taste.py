"""What each listener likes and has heard: the tracks they have played, the later the more, of all that is kept.

A play weighs half as much every half-life. So while nobody plays anything the order of tracks stays as it is, and only
the tastes of those who have played since theirs was made are made again.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from earshot.clock import epoch_of, iso, now
from earshot.history import MOST_TRACKS, History
from earshot.plays import ListenerId
from earshot.stores.listeners_table import ListenersTable, Taste
from earshot.stores.plays_lake import LakeObject, PlaysLake
from listening.local_lake import days
from listening.parquet import Plays
from listening.sums import Weights

_HALF_LIFE_S = 180 * 86_400.0
_MOST_TRACKS = 100
_LOOKED_BACK = timedelta(days=30)
"""Whoever played longer ago had their taste made since, unless nothing ran for a month."""
_IN_FLIGHT_S = 300
"""A play may have been taken in, and not yet have been in the lake, when a taste was made."""
_FEW = 200


@dataclass(frozen=True, slots=True)
class Tastes:
    """What making them works with. `keep_days`: how long plays are kept, and a taste after the last; 0: for ever."""

    lake: PlaysLake
    listeners: ListenersTable
    plays: Plays
    folder: Path
    keep_days: int = 0

    def make(self, objects: Sequence[LakeObject]) -> int:
        """Make tastes and histories of all who have played since; how many tastes.

        Args:
            objects: all of the lake, in the order of days.
        """
        started = now()
        stale = self._stale(objects, started)
        if not stale:
            return 0
        weights = Weights(self.plays, stale, int(started.timestamp()), _HALF_LIFE_S)
        for some in days(self.lake, _that_may_hold(objects, stale), self.folder):
            weights.add(some)
        expires_at = int((started + timedelta(days=self.keep_days)).timestamp()) if self.keep_days else None
        tastes = 0
        for listener, plays, tracks in weights.histories(MOST_TRACKS):
            self.listeners.note_history(listener, History.of(tracks, plays, iso(started)), expires_at)
        for listener, heaviest in weights.heaviest(_MOST_TRACKS):
            self.listeners.note_taste(listener, Taste(tuple(heaviest), iso(started)), expires_at)
            tastes += 1
        for listener, asked_at in self.listeners.forgotten_at(stale).items():  # while these were made
            self.listeners.forget_before(listener, asked_at)
        return tastes

    def _stale(self, objects: Sequence[LakeObject], started: datetime) -> set[ListenerId]:
        since = started - _LOOKED_BACK
        newest: dict[ListenerId, int] = {}
        for some in days(self.lake, [found for found in objects if found.modified >= since], self.folder):
            for listener, at in self.plays.newest(some.files, int(since.timestamp())).items():
                newest[listener] = max(at, newest.get(listener, 0))
        made_at = self.listeners.tastes_made_at(newest)
        going = {asked.listener for asked in self.listeners.to_forget()}
        return {
            listener
            for listener, at in newest.items()
            if listener not in going and (listener not in made_at or epoch_of(made_at[listener]) < at + _IN_FLIGHT_S)
        }


def _that_may_hold(objects: Sequence[LakeObject], listeners: Collection[ListenerId]) -> Sequence[LakeObject]:
    if len(listeners) > _FEW:
        return objects
    return [found for found in objects if any(map(found.may_hold, listeners))]
