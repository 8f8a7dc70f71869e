"""Lambda entry point `queue_changes`: apart from the others, so that it starts without numpy and the engines."""

from functools import lru_cache
from typing import TypedDict

import boto3

from annoy_service.stream import StreamRecord, queue_batch
from config.queue_changes import QueueChangesSettings
from earshot.deliveries import BatchAnswer, batch_answer
from earshot.stores.message_queue import FifoQueue


class _StreamEvent(TypedDict):
    Records: list[StreamRecord]


def queue_changes(event: _StreamEvent, _context: object) -> BatchAnswer:
    """DynamoDB stream batch -> the queue that wakes `index_tracks`."""
    return batch_answer(queue_batch(event["Records"], _changes()))


@lru_cache(maxsize=1)
def _changes() -> FifoQueue:
    return FifoQueue(boto3.client("sqs"), QueueChangesSettings.load().changes_queue_url)
