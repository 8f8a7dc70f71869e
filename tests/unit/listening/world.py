"""A stage with what `listening` works with, and plays for it."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from earshot.clock import epoch, iso, now
from earshot.ids import TrackId
from earshot.matching import Matching
from earshot.messages import RecordPlays
from earshot.plays import ListenerId, Play
from earshot.stores.plays_lake import LakeObject
from earshot.stores.song_keys import SongKeys
from earshot.track import TrackInfo
from listening.keep import Done, Keep
from listening.local_lake import fetched
from listening.matching import PlayMatching
from listening.parquet import Plays
from listening.record import Record
from listening.taste import Tastes
from tests.aws import Stage, stage

_NOW = epoch()
ANA, BEN, EVA = ListenerId("1" + "a" * 15), ListenerId("8" + "b" * 15), ListenerId("e" * 16)


@dataclass
class World:
    """Keeps plays, as the functions do."""

    stage: Stage
    record: Record
    folder: Path

    def keep(self, *, keep_days: int = 0, time_is_up: Any = lambda: False) -> Done:
        """A run of the clock, an hour from when it is wanted for those who asked to be forgotten."""
        parts = self.record
        tastes = Tastes(parts.lake, parts.listeners, parts.plays, self.folder, keep_days)
        lease = lambda: nullcontext(True)  # noqa: E731
        keep = Keep(parts.lake, parts.listeners, parts.matching, parts.plays, tastes, self.folder, lease, keep_days)
        return keep.run(time_is_up)

    def objects(self) -> list[LakeObject]:
        return list(self.record.lake.objects())

    def kept(self) -> list[Play]:
        """All that is in the lake, twice where it is there twice."""
        bodies = [self.record.lake.read(found) or b"" for found in self.objects()]
        return [play for body in bodies for play in self.record.plays.unpack(body)]

    def register(self, number: int, **said: Any) -> TrackId:
        """A track that plays of the song `number` are of."""
        described: dict[str, Any] = {
            "title": f"Song {number}",
            "artists": ("Ana Moreau",),
            "duration_ms": 200_000,
        } | said
        info = TrackInfo(TrackId(f"deezer:{number}"), "deezer", **described)
        self.stage.tracks.register(info)
        SongKeys(self.stage.account.dynamodb, "crawls").note([info])
        return info.track_id


@contextmanager
def running(folder: Path) -> Iterator[World]:
    """An empty world."""
    with stage(POWERTOOLS_METRICS_DISABLED="true") as found, fetched(found.plays, [], folder):
        matching = PlayMatching(Matching(found.tracks, SongKeys(found.account.dynamodb, "crawls")))
        plays = Plays(folder)
        yield World(found, Record(found.plays, found.listeners, matching, plays), folder)
        plays.close()


def play(number: int, listener: ListenerId = ANA, *, days_ago: float = 1, **said: Any) -> Play:
    """Somebody plays the song `number`."""
    listened_at = int(_NOW - 86_400 * days_ago) + number
    described: dict[str, Any] = {"title": f"Song {number}", "artists": ("Ana Moreau",), "duration_ms": 200_500} | said
    return Play(listener, listened_at, **described)


def message(*plays: Play, minutes_ago: float = 0) -> RecordPlays:
    """The plays, as they were taken in."""
    return RecordPlays(plays, iso(now() - timedelta(minutes=minutes_ago)))
