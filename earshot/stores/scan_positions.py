"""Where a scan that takes longer than a function may run goes on, the next time. Kept in the crawls table."""

from typing import TYPE_CHECKING

from earshot.clock import in_seconds, seconds_until
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

    def rest(self, seconds: float) -> None:
        """Note that the scan came to its end, and is not to begin anew for so long (a day at most)."""
        self._table.put({**self._key, "rests_until": in_seconds(seconds)})

    @property
    def is_resting(self) -> bool:
        """Whether it is too early to begin anew."""
        row = self._table.get(self._key) or {}
        return "rests_until" in row and seconds_until(row["rests_until"]) > 0
