"""Reads from the lake what a model learns from: who played what, when, and what they skipped."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from earshot.ids import TrackId
from earshot.stores.plays_lake import LakeObject, PlaysLake
from listening.local_lake import days
from listening.parquet import Plays
from listening.sums import Events


@dataclass(frozen=True, slots=True)
class Heard:
    """Who played which track, a row for each play of one that is known, by listener and time.

    `listener` and `track`: codes from 0, int64; those of tracks are places in `track_ids`. `at`: in Unix seconds,
    int64. `skip`: whether it was left early, bool. Who a listener is, a code does not tell.
    """

    listener: npt.NDArray[np.int64]
    track: npt.NDArray[np.int64]
    at: npt.NDArray[np.int64]
    skip: npt.NDArray[np.bool_]
    track_ids: Sequence[TrackId]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What there was of the lake when it was read: from which day to which (ISO 8601), how much, and a digest."""

    first_day: str
    last_day: str
    plays: int
    listeners: int
    tracks: int
    digest: str
    """The first 16 hexadecimal digits of the SHA-256 of the objects' keys, which name their content."""


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
    keys = "\n".join(sorted(found.key for found in objects))
    return Snapshot(
        objects[0].day.isoformat(),
        objects[-1].day.isoformat(),
        len(heard.at),
        int(heard.listener.max()) + 1,
        len(heard.track_ids),
        hashlib.sha256(keys.encode()).hexdigest()[:16],
    )
