"""Lambda entry point `queue_changes`: apart from the others, so that it starts without numpy and the engines."""

from functools import lru_cache
from typing import TypedDict

import boto3

from annoy_service.stream import StreamRecord, queue_batch
from config.queue_changes import QueueChangesSettings
from earshot.stores.message_queue import FifoQueue


class _StreamEvent(TypedDict):
    Records: list[StreamRecord]


class _Failure(TypedDict):
    itemIdentifier: str


class _Answer(TypedDict):
    batchItemFailures: list[_Failure]


def queue_changes(event: _StreamEvent, _context: object) -> _Answer:
    """DynamoDB stream batch -> the queue that wakes `index_tracks`."""
    nameless = queue_batch(event["Records"], _changes())
    return {"batchItemFailures": [{"itemIdentifier": sequence_number} for sequence_number in nameless]}


@lru_cache(maxsize=1)
def _changes() -> FifoQueue:
    return FifoQueue(boto3.client("sqs"), QueueChangesSettings.load().changes_queue_url)
