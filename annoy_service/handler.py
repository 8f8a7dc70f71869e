"""Lambda entry points of annoy_service."""

from typing import TypedDict

from annoy_service.bootstrap import services
from annoy_service.changes import StreamRecord
from annoy_service.index import index_batch
from annoy_service.upkeep import Message, keep_up


class _StreamEvent(TypedDict):
    Records: list[StreamRecord]


class _QueueEvent(TypedDict):
    Records: list[Message]


class _Failure(TypedDict):
    itemIdentifier: str


class _Answer(TypedDict):
    batchItemFailures: list[_Failure]


def index_tracks(event: _StreamEvent, _context: object) -> _Answer:
    """DynamoDB stream batch -> index. What cannot be indexed is parked or reported one by one; the rest is indexed."""
    nameless = index_batch(event["Records"], services())
    return {"batchItemFailures": [{"itemIdentifier": sequence_number} for sequence_number in nameless]}


def compact_index(event: _QueueEvent, _context: object) -> _Answer:
    """SQS requests for upkeep -> the indexes compacted where that is due, and their garbage removed."""
    keep_up(event["Records"], services())
    return {"batchItemFailures": []}
