"""What the index is to hold of some tracks, according to the table.

The stream is a wake-up signal, the table is the truth (docs/adr/0003): only the *names* of tracks are taken from
records, and the tracks are read from the table. Duplicated, reordered and stale records then cannot do harm.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from annoy_service.fit import Model
from annoy_service.rows import FreshRow, fresh_row
from earshot.errors import EarshotError
from earshot.track import Track
from earshot.tracks_table import Item, TracksTable, track_from_item

_UNREADABLE = (ValueError, KeyError, TypeError)
"""What reading an item raises whose attributes are not of the types that this project writes."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the index is to hold of each track (None: nothing), and the tracks that the table cannot tell it of."""

    rows: Mapping[str, FreshRow | None]
    unreadable: Mapping[str, str]
    """Track id -> what is wrong with its item."""


@dataclass(frozen=True, slots=True)
class Named:
    """The tracks that stream records name, with the records' sequence numbers; `nameless` name none."""

    tracks: Mapping[str, list[str]]
    nameless: list[str]


def named_in(records: Iterable[Mapping[str, Any]]) -> Named:
    """The tracks that a stream batch is about."""
    tracks: dict[str, list[str]] = {}
    nameless: list[str] = []
    for record in records:
        sequence_number = record["dynamodb"]["SequenceNumber"]
        try:
            tracks.setdefault(record["dynamodb"]["Keys"]["track_id"]["S"], []).append(sequence_number)
        except (KeyError, TypeError):
            _log.error("stream record %s names no track: %s", sequence_number, record["dynamodb"].get("Keys"))
            nameless.append(sequence_number)
    return Named(tracks, nameless)


def read_wanted(track_ids: Iterable[str], table: TracksTable, model: Model) -> Wanted:
    """Read the tracks from the table. One that has an embedding of another model than `model` is left alone."""
    track_ids = list(track_ids)
    tracks = _read(table, track_ids)

    def tell(track_id: str) -> Track | None:
        found = tracks if tracks is not None else table.get_many([track_id])  # the role allows no other way to read
        return found.get(track_id)

    return _wanted(((track_id, partial(tell, track_id)) for track_id in track_ids), model)


def wanted_of_items(items: Iterable[Item], model: Model) -> Wanted:
    """The same of items that a scan of the table gave."""
    return _wanted(((item["track_id"]["S"], partial(track_from_item, item)) for item in items), model)


def _wanted(tracks: Iterable[tuple[str, Callable[[], Track | None]]], model: Model) -> Wanted:
    rows: dict[str, FreshRow | None] = {}
    unreadable: dict[str, str] = {}
    others: Counter[str | None] = Counter()
    for track_id, tell in tracks:
        try:
            track = tell()
            if track is None or track.embedding is None:
                rows[track_id] = None
            elif track.model == model.name:
                rows[track_id] = fresh_row(track, model)
            else:
                others[track.model] += 1
        except (EarshotError, *_UNREADABLE) as error:
            _log.error("track %s cannot be indexed: %s", track_id, error)
            unreadable[track_id] = str(error)
    for other, count in others.items():
        _log.warning("%d tracks have an embedding of %s; %s is indexed", count, other, model.name)
    return Wanted(rows, unreadable)


def _read(table: TracksTable, track_ids: Iterable[str]) -> Mapping[str, Track] | None:
    """The tracks by id, or None when one of them is unreadable, which is then to be found out one by one."""
    try:
        return table.get_many(track_ids)
    except _UNREADABLE:
        return None
