"""From a batch of the table's stream to what the index is to hold.

The stream is a wake-up signal, the table is the truth (docs/adr/0003): only the *names* of tracks are taken from the
records, and the tracks are read from the table. Duplicated, reordered and stale records then cannot do harm.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from annoy_service.fit import Model
from annoy_service.fold import Wanted
from annoy_service.rows import FreshRow, fresh_row
from earshot.errors import EarshotError
from earshot.track import Track
from earshot.tracks_table import TracksTable

_UNREADABLE = (ValueError, KeyError, TypeError)
"""What reading an item raises whose attributes are not of the types that this project writes."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Changes:
    """What the index is to hold, and which records could not be understood (their sequence numbers)."""

    wanted: Wanted
    poisoned: list[str] = field(default_factory=list)


def changes_in(records: Iterable[Mapping[str, Any]], table: TracksTable, model: Model) -> Changes:
    """What the tracks named by the stream `records` have come to."""
    named: dict[str, list[str]] = {}
    poisoned: list[str] = []
    for record in records:
        sequence_number = record["dynamodb"]["SequenceNumber"]
        try:
            named.setdefault(record["dynamodb"]["Keys"]["track_id"]["S"], []).append(sequence_number)
        except (KeyError, TypeError):
            _log.error("stream record %s names no track: %s", sequence_number, record["dynamodb"].get("Keys"))
            poisoned.append(sequence_number)
    tracks = _read(table, named)
    wanted: dict[str, FreshRow | None] = {}
    for track_id, sequence_numbers in named.items():
        try:
            track = tracks.get(track_id) if tracks is not None else table.get(track_id)
            if track is None or track.embedding is None:
                wanted[track_id] = None
            elif track.model == model.name:
                wanted[track_id] = fresh_row(track, model)
            else:
                _log.warning("track %s has an embedding of %s; %s is indexed", track_id, track.model, model.name)
        except (EarshotError, *_UNREADABLE) as error:
            _log.error("track %s cannot be indexed: %s (stream records %s)", track_id, error, sequence_numbers)
            poisoned += sequence_numbers
    return Changes(wanted, poisoned)


def _read(table: TracksTable, track_ids: Iterable[str]) -> Mapping[str, Track] | None:
    """The tracks by id, or None when one of them is unreadable, which is then to be found out one by one."""
    try:
        return table.get_many(track_ids)
    except _UNREADABLE:
        return None
