"""Where a scan that takes longer than a function may run goes on, the next time. Kept in the crawls table."""

from typing import TYPE_CHECKING

from earshot.stores.dynamodb import Row, Table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class ScanPositions:
    """The position of one scan.

    Args:
        client: a boto3 DynamoDB client.
        table: the crawls table's name.
        scan: the scan's name.
    """

    def __init__(self, client: "DynamoDBClient", table: str, scan: str) -> None:
        self._table = Table(client, table)
        self._key: Row = {"crawl_id": f"scan#{scan}", "entry": "position"}

    def get(self) -> Row | None:
        """The key after which it goes on; None: from the beginning."""
        row = self._table.get(self._key)
        return row.get("after") if row else None

    def put(self, after: Row | None) -> None:
        """Note it, or that the scan came to its end."""
        self._table.put({**self._key, **({"after": after} if after else {})})
