"""Export a whole catalogue to one file, and import it, here or elsewhere.

An import writes only what the table lacks or holds in an older state: it may be repeated, may run beside a crawl, and
may merge catalogues. The table's stream then carries the tracks into the index.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from earshot.stores.dynamodb import Item
from ops import catalogue_file

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_WRITERS = 8
_AT_ONCE = 800
_UNKNOWN = "attribute_not_exists(track_id)"
_OLDER = "attribute_not_exists(embedding) OR attribute_not_exists(preview_at) OR preview_at < :preview_at"


@dataclass(frozen=True, slots=True)
class Imported:
    """Tracks written, and tracks of which the table knew as much or more."""

    written: int
    kept: int


def scan(client: "DynamoDBClient", table: str) -> Iterator[Item]:
    """Every item of the table as it is on the wire, strongly consistent."""
    for page in client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def load(client: "DynamoDBClient", table: str, path: Path) -> Imported:
    """Write the tracks of a catalogue file that the table lacks or has in an older state.

    Raises:
        DamagedCatalogueFile: before anything is written.
    """
    catalogue_file.verify(path)
    written = kept = 0
    items = catalogue_file.read(path)
    with ThreadPoolExecutor(_WRITERS) as writers:
        while batch := list(islice(items, _AT_ONCE)):
            results = list(writers.map(lambda item: _put(client, table, item), batch))
            written += sum(results)
            kept += len(results) - sum(results)
    return Imported(written, kept)


def _put(client: "DynamoDBClient", table: str, item: Item) -> bool:
    try:
        if "embedding" in item and "preview_at" in item:
            client.put_item(
                TableName=table,
                Item=item,
                ConditionExpression=f"{_UNKNOWN} OR {_OLDER}",
                ExpressionAttributeValues={":preview_at": item["preview_at"]},
            )
        else:
            client.put_item(TableName=table, Item=item, ConditionExpression=_UNKNOWN)
    except client.exceptions.ConditionalCheckFailedException:
        return False
    return True
