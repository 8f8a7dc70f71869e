"""From the table's stream into the queue that wakes the one writer of the index.

A stream has several shards, each with a reader of its own; a builder behind each would race the others for the pointer.
What they read is the names of tracks (docs/adr/0003), so these are put into a queue that hands them out one after the
other, to one reader (docs/adr/0018).
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import NotRequired, TypedDict

from earshot.ids import TrackId
from earshot.messages import TracksChanged
from earshot.stores.message_queue import FifoQueue
from earshot.telemetry import logger

PER_MESSAGE = 100
"""Tracks named in a message: the longest keys that DynamoDB allows fit into it."""

_log = logger()


class _Change(TypedDict):
    Keys: Mapping[str, Mapping[str, str]]
    SequenceNumber: str
    ApproximateCreationDateTime: NotRequired[float]


class StreamRecord(TypedDict):
    """What is read of a record of the table's stream."""

    eventID: str
    dynamodb: _Change


def queue_batch(records: Iterable[StreamRecord], changes: FifoQueue) -> list[str]:
    """Put the tracks that a batch of the stream names into the queue.

    A batch that comes once more within minutes makes no second message.

    Returns:
        The sequence numbers of the records that name no track.
    """
    named: list[tuple[TrackId, StreamRecord]] = []
    nameless: list[str] = []
    for record in records:
        change = record["dynamodb"]
        try:
            named.append((TrackId(change["Keys"]["track_id"]["S"]), record))
        except (KeyError, TypeError):
            _log.error("a stream record names no track", record=change["SequenceNumber"], keys=change.get("Keys"))
            nameless.append(change["SequenceNumber"])
    for start in range(0, len(named), PER_MESSAGE):
        portion = named[start : start + PER_MESSAGE]
        written = [at for _, record in portion if (at := record["dynamodb"].get("ApproximateCreationDateTime"))]
        events = "".join(record["eventID"] for _, record in portion)
        changes.send(
            TracksChanged(
                track_ids=tuple(dict.fromkeys(track_id for track_id, _ in portion)),
                changed_at=float(min(written)) if written else None,
            ),
            deduplication_id=hashlib.sha256(events.encode()).hexdigest(),
        )
    return nameless
