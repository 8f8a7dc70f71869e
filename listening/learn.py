"""Learns from what is played: reads the lake and what was said of tracks, and hands who played, loved and banned what,
and when, to whatever fits a model to it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from earshot.clock import epoch_of
from earshot.colistening.manifest import Snapshot
from earshot.ids import TrackId
from earshot.stores.listeners_table import ListenersTable, Opinion
from earshot.stores.plays_lake import LakeObject, PlaysLake, digest
from earshot.telemetry import logger
from listening.local_lake import days
from listening.parquet import Plays
from listening.sums import Events

_FEEDBACK = {Opinion.LOVED: 1, Opinion.BANNED: -1}


class Opinions(NamedTuple):
    """What was said of tracks, a row for each listener and track: codes and times as those of `Heard`; `feedback`: 1
    loved, -1 banned, int64."""

    listener: npt.NDArray[np.int64]
    track: npt.NDArray[np.int64]
    at: npt.NDArray[np.int64]
    feedback: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Heard:
    """Who played which track, a row for each play of one that is known, by listener and time; and what was said.

    `listener` and `track`: codes from 0, int64; those of tracks are places in `track_ids`, which ascend. `at`: in Unix
    seconds, int64. `skip`: whether it was left early, bool. Who a listener is, a code does not tell.
    """

    listener: npt.NDArray[np.int64]
    track: npt.NDArray[np.int64]
    at: npt.NDArray[np.int64]
    skip: npt.NDArray[np.bool_]
    opinions: Opinions
    track_ids: Sequence[TrackId]


Fit = Callable[[Heard, Snapshot], None]
"""Fits a model to what was heard, judges it, and publishes it with the snapshot."""


@dataclass(frozen=True, slots=True)
class Learn:
    """What learning works with. `lease`: held while it runs, by one at a time."""

    lake: PlaysLake
    listeners: ListenersTable
    plays: Plays
    folder: Path
    fit: Fit
    lease: Callable[[], AbstractContextManager[object]]

    def run(self) -> Snapshot | None:
        """Learn from all that is in the lake; from what. None: there is nothing yet, or somebody else learns."""
        with self.lease() as lease:
            if lease is None:
                logger().info("somebody else learns")
                return None
            read = read_plays(self.lake, self.listeners, self.plays, self.folder)
            if read is None:
                logger().info("nothing was played yet")
                return None
            heard, snapshot = read
            self.fit(heard, snapshot)
            return snapshot


def read_plays(lake: PlaysLake, listeners: ListenersTable, plays: Plays, folder: Path) -> tuple[Heard, Snapshot] | None:
    """All that the lake holds of plays that have a track, and all opinions; None where nothing was played.

    Of who asks to be forgotten nothing is read, though the lake may still hold it.
    """
    forgotten = {asked.listener: int(epoch_of(asked.asked_at)) for asked in listeners.to_forget()}
    objects = list(lake.objects())
    events = Events(plays, forgotten)
    for some in days(lake, objects, folder):
        events.add(some)
    events.add_opinions(
        (said.listener, said.track_id, int(epoch_of(said.said_at)), _FEEDBACK[said.opinion])
        for said in listeners.all_opinions()
        if int(epoch_of(said.said_at))
        > forgotten.get(said.listener, 0)  # the index may not know yet that it is deleted
    )
    heard = Heard(**events.arrays(), opinions=Opinions(**events.opinions()), track_ids=events.track_ids())
    return (heard, _snapshot(objects, heard)) if len(heard.at) else None


def _snapshot(objects: Sequence[LakeObject], heard: Heard) -> Snapshot:
    return Snapshot(
        str(objects[0].day),
        str(objects[-1].day),
        len(heard.at),
        int(max(heard.listener.max(), heard.opinions.listener.max(initial=0))) + 1,
        len(heard.track_ids),
        digest(objects),
        len(heard.opinions.at),
    )
