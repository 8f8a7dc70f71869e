"""Lambda entry points of annoy_service."""

from typing import Any

from annoy_service.bootstrap import services
from annoy_service.index import index_batch
from annoy_service.upkeep import keep_up


def index_tracks(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """DynamoDB stream batch -> index. What cannot be indexed is parked or reported one by one; the rest is indexed."""
    nameless = index_batch(event["Records"], services())
    return {"batchItemFailures": [{"itemIdentifier": sequence_number} for sequence_number in nameless]}


def compact_index(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """SQS requests for upkeep -> the index compacted when that is due, and its garbage removed."""
    keep_up(event["Records"], services())
    return {"batchItemFailures": []}
