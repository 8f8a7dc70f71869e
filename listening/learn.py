"""Reads from the lake what a model learns from: who played what, how often, and when last."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from earshot.clock import epoch
from earshot.ids import TrackId
from earshot.stores.plays_lake import LakeObject, PlaysLake
from listening.local_lake import days
from listening.parquet import Plays
from listening.taste import HALF_LIFE_S


@dataclass(frozen=True, slots=True)
class Interactions:
    """Who played which track, a row for each pair of the two, by listener and track.

    `listener` and `track`: codes from 0, int32; those of tracks are places in `track_ids`. `plays` and `skips`: how
    often, int32. `last_at`: when last, in Unix seconds, int64. Who a listener is, a code does not tell.
    """

    listener: npt.NDArray[np.int32]
    track: npt.NDArray[np.int32]
    plays: npt.NDArray[np.int32]
    skips: npt.NDArray[np.int32]
    last_at: npt.NDArray[np.int64]
    track_ids: Sequence[TrackId]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What there was of the lake when it was read: from which day to which, how much, and a digest of its objects."""

    first_day: date
    last_day: date
    plays: int
    listeners: int
    tracks: int
    digest: str
    """The first 16 hexadecimal digits of the SHA-256 of the objects' keys, which name their content."""

    def to_row(self) -> dict[str, Any]:
        """For a manifest."""
        ends = {"first_day": self.first_day.isoformat(), "last_day": self.last_day.isoformat()}
        return {**ends, "plays": self.plays, "listeners": self.listeners, "tracks": self.tracks, "digest": self.digest}


def read_interactions(lake: PlaysLake, plays: Plays, folder: Path) -> tuple[Interactions, Snapshot] | None:
    """All that the lake holds of plays that have a track; None where that is nothing."""
    objects = list(lake.objects())
    plays.begin_sums()
    for some in days(lake, objects, folder):
        plays.add_to_sums(some.files, int(epoch()), HALF_LIFE_S, are_merged=some.are_merged)
    found = plays.interactions()
    read = Interactions(**{**found, "track_ids": [TrackId(track_id) for track_id in found["track_ids"]]})
    return (read, _snapshot(objects, read)) if len(read.listener) else None


def _snapshot(objects: Sequence[LakeObject], read: Interactions) -> Snapshot:
    keys = "\n".join(sorted(found.key for found in objects))
    return Snapshot(
        objects[0].day,
        objects[-1].day,
        int(read.plays.sum() + read.skips.sum()),
        int(read.listener.max()) + 1,
        len(read.track_ids),
        hashlib.sha256(keys.encode()).hexdigest()[:16],
    )
