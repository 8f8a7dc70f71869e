"""What the index is to hold of some tracks, according to the table.

The stream is a wake-up signal, the table is the truth (docs/adr/0003): only the *names* of tracks are taken from it,
and the tracks are read from the table. Duplicated, reordered and stale messages then cannot do harm.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from annoy_service.version import Changes
from earshot.errors import EarshotError
from earshot.ids import TrackId
from earshot.index.row_sources import FreshRow, fresh_row
from earshot.networks import Network
from earshot.stores.dynamodb import Item
from earshot.stores.tracks_table import TracksTable, track_from_item
from earshot.telemetry import logger
from earshot.track import Track

_UNREADABLE = (ValueError, KeyError, TypeError)
"""What reading an item raises whose attributes are not of the types that this project writes."""

_log = logger()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the index is to hold of some tracks, and the tracks that the table cannot tell it of."""

    rows: Changes
    unreadable: Mapping[TrackId, str]
    """Track id -> what is wrong with its item."""


def read_wanted(track_ids: Iterable[TrackId], table: TracksTable, network: Network) -> Wanted:
    """Read the tracks from the table. One that has an embedding of another network is left alone."""
    track_ids = list(track_ids)
    tracks = _read(table, track_ids)

    def tell(track_id: TrackId) -> Track | None:
        found = tracks if tracks is not None else table.get_many([track_id])  # the role allows no other way to read
        return found.get(track_id)

    return _wanted(((track_id, partial(tell, track_id)) for track_id in track_ids), network)


def wanted_of_items(items: Iterable[Item], network: Network) -> Wanted:
    """The same of items that a scan of the table gave."""
    return _wanted(((TrackId(item["track_id"]["S"]), partial(track_from_item, item)) for item in items), network)


def _wanted(tracks: Iterable[tuple[TrackId, Callable[[], Track | None]]], network: Network) -> Wanted:
    rows: dict[TrackId, FreshRow | None] = {}
    unreadable: dict[TrackId, str] = {}
    others: Counter[str | None] = Counter()
    for track_id, tell in tracks:
        try:
            track = tell()
            if track is None or track.embedding is None:
                rows[track_id] = None
            elif track.model == network.name:
                rows[track_id] = fresh_row(track, network)
            else:
                others[track.model] += 1
        except (EarshotError, *_UNREADABLE) as error:
            _log.error("a track cannot be indexed", correlation_id=track_id, error=str(error))
            unreadable[track_id] = str(error)
    for other, count in others.items():
        _log.warning("tracks have an embedding of another network", tracks=count, heard_by=other, indexed=network.name)
    return Wanted(rows, unreadable)


def _read(table: TracksTable, track_ids: Iterable[TrackId]) -> Mapping[TrackId, Track] | None:
    """The tracks by id, or None when one of them is unreadable, which is then to be found out one by one."""
    try:
        return table.get_many(track_ids)
    except _UNREADABLE:
        return None
