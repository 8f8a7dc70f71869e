"""Learns from what is played: reads the lake, and hands who played what, and when, to whatever fits a model to it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from earshot.colistening.manifest import Snapshot
from earshot.ids import TrackId
from earshot.stores.plays_lake import LakeObject, PlaysLake, digest
from earshot.telemetry import logger
from listening.local_lake import days
from listening.parquet import Plays
from listening.sums import Events


@dataclass(frozen=True, slots=True)
class Heard:
    """Who played which track, a row for each play of one that is known, by listener and time.

    `listener` and `track`: codes from 0, int64; those of tracks are places in `track_ids`, which ascend. `at`: in Unix
    seconds, int64. `skip`: whether it was left early, bool. Who a listener is, a code does not tell.
    """

    listener: npt.NDArray[np.int64]
    track: npt.NDArray[np.int64]
    at: npt.NDArray[np.int64]
    skip: npt.NDArray[np.bool_]
    track_ids: Sequence[TrackId]


Fit = Callable[[Heard, Snapshot], None]
"""Fits a model to what was heard, judges it, and publishes it with the snapshot."""


@dataclass(frozen=True, slots=True)
class Learn:
    """What learning works with. `lease`: held while it runs, by one at a time."""

    lake: PlaysLake
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
            read = read_plays(self.lake, self.plays, self.folder)
            if read is None:
                logger().info("nothing was played yet")
                return None
            heard, snapshot = read
            self.fit(heard, snapshot)
            return snapshot


def read_plays(lake: PlaysLake, plays: Plays, folder: Path) -> tuple[Heard, Snapshot] | None:
    """All that the lake holds of plays that have a track; None where that is nothing."""
    objects = list(lake.objects())
    events = Events(plays)
    for some in days(lake, objects, folder):
        events.add(some)
    found, track_ids = events.arrays()
    heard = Heard(**found, track_ids=track_ids)
    return (heard, _snapshot(objects, heard)) if len(heard.at) else None


def _snapshot(objects: Sequence[LakeObject], heard: Heard) -> Snapshot:
    return Snapshot(
        objects[0].day.isoformat(),
        objects[-1].day.isoformat(),
        len(heard.at),
        int(heard.listener.max()) + 1,
        len(heard.track_ids),
        digest(objects),
    )
