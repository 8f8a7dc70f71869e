"""Keeps the lake in order, by the clock: one run does what is due, and the next goes on where its time was up.

What is due is told by the lake itself: parts are to be merged, plays without a track to be matched again, and days
that are too old to go. Only who asked to be forgotten is written down elsewhere (`earshot.stores.listeners_table`).
Every step may be repeated, and may die at any line: an object is deleted only after what was made of it is there, so
that a reader finds plays twice, which reading removes, but never too few.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path

from earshot.clock import epoch_of, now, seconds_until
from earshot.ids import TrackId
from earshot.plays import ListenerId
from earshot.stores.listeners_table import Forgotten, ListenersTable
from earshot.stores.plays_lake import LakeObject, PlaysLake, are_merged, whole_name
from earshot.telemetry import logger
from listening.local_lake import days, fetched
from listening.matching import PlayMatching
from listening.parquet import Plays
from listening.record import note_plays
from listening.taste import Tastes

_IN_FLIGHT_S = 15 * 60
"""Who asked to be forgotten so lately may have plays that `record_plays` is just writing."""
_NOTED_EVERY = 30
"""After so many days of the lake it is noted how far forgetting has come."""
_REMATCHED_DAYS = 90
_REMATCHED_SONGS = 2_000
TimeIsUp = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Done:
    """What a run has done: days merged, objects that were too old, listeners forgotten, plays matched, tastes made."""

    merged: int = 0
    expired: int = 0
    forgotten: int = 0
    matched: int = 0
    tastes: int = 0


@dataclass(frozen=True, slots=True)
class Keep:
    """What keeping works with. `keep_days`: how long plays are kept; 0: for ever. `lease`: held while it runs, by one
    at a time: two that rewrite a day could bring back what one of them has just removed."""

    lake: PlaysLake
    listeners: ListenersTable
    matching: PlayMatching
    plays: Plays
    tastes: Tastes
    folder: Path
    lease: Callable[[], AbstractContextManager[object]]
    keep_days: int = 0

    def run(self, time_is_up: TimeIsUp) -> Done:
        """Do what is due, until `time_is_up`."""
        with self.lease() as lease:
            if lease is None:
                logger().info("somebody else keeps the lake")
                return Done()
            return self._run(time_is_up)

    def _run(self, time_is_up: TimeIsUp) -> Done:
        expired = self._expire()
        merged, forgotten = self._merge(time_is_up)
        matched = self._match_again(time_is_up)
        tastes = 0 if time_is_up() else self.tastes.make(list(self.lake.objects()))
        return Done(merged, expired, forgotten, matched, tastes)

    def _expire(self) -> int:
        if not self.keep_days:
            return 0
        first = now().date() - timedelta(days=self.keep_days)
        old = [found for found in self.lake.objects() if found.day < first]
        self.lake.delete(old)
        return len(old)

    def _merge(self, time_is_up: TimeIsUp) -> tuple[int, int]:
        """Merge the days that want it, and forget whoever asked; how many of both."""
        asked = [one for one in self.listeners.to_forget() if seconds_until(one.asked_at) < -_IN_FLIGHT_S]
        merged = 0
        for number, (day, objects) in enumerate(_by_day(self.lake.objects()), 1):
            if time_is_up():
                return merged, 0
            due = [one for one in asked if one.until < str(day)]
            held = [one for one in due if any(found.may_hold(one.listener) for found in objects)]
            if held or not are_merged(objects):
                self._rewrite(objects, asked)
                merged += 1
            if number % _NOTED_EVERY == 0:
                for one in due:
                    self.listeners.note_forgotten(one, str(day))
        for one in asked:
            self.listeners.forget_before(one.listener, one.asked_at)  # what was being written when they asked
            self.listeners.is_forgotten(one)
        return merged, len(asked)

    def _match_again(self, time_is_up: TimeIsUp) -> int:
        """Look once more for the tracks of songs that had none, some of them each time."""
        first = now().date() - timedelta(days=_REMATCHED_DAYS)
        recent = [found for found in self.lake.objects() if found.day >= first]
        left, matched = _REMATCHED_SONGS, 0
        for some in days(self.lake, recent, self.folder):
            if time_is_up() or not left:
                break
            since = int(datetime(first.year, first.month, first.day, tzinfo=now().tzinfo).timestamp())
            songs = self.plays.unmatched(some.files, since, most=left, turn=int(now().timestamp()))
            left -= len(songs)
            tracks = {play.song: play.track_id for play in self.matching.matched(songs) if play.track_id}
            if tracks:
                matched += self._give_tracks(some.files, tracks, recent)
        return matched

    def _give_tracks(self, files: Sequence[Path], tracks: Mapping[str, TrackId], recent: Sequence[LakeObject]) -> int:
        """The table first: a play that has its track in the lake is not looked at again."""
        plays = [replace(play, track_id=tracks[play.song]) for play in self.plays.of_songs(files, tracks)]
        note_plays(self.listeners, plays)
        of_them = {play.day for play in plays}
        for day, objects in _by_day(recent):
            if day in of_them:
                self._rewrite(objects, self.listeners.to_forget(), tracks)
        return len(plays)

    def _rewrite(
        self, objects: Sequence[LakeObject], asked: Iterable[Forgotten], tracks: Mapping[str, TrackId] | None = None
    ) -> None:
        """Merge the objects of a day, without those who `asked`, with the `tracks` of songs that had none."""
        forgotten: dict[ListenerId, int] = {one.listener: int(epoch_of(one.asked_at)) for one in asked}
        with fetched(self.lake, objects, self.folder) as files:
            names = set()
            for packed in self.plays.merge(list(files.values()), forgotten, tracks) if files else ():
                name = whole_name(packed.listeners, packed.body)
                self.lake.put(objects[0].day, name, packed.body)
                names.add(name)
            self.lake.delete(found for found in files if found.name not in names)


def _by_day(objects: Iterable[LakeObject]) -> Iterator[tuple[date, list[LakeObject]]]:
    return ((day, list(of_day)) for day, of_day in groupby(list(objects), key=lambda found: found.day))
