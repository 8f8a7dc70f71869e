"""Who works on what: a short lease per track, so that a message delivered twice does not download twice."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from earshot.clock import epoch
from earshot.stores.dynamodb import Table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class Leases:
    """Leases kept in the crawls table.

    A holder that dies loses its lease after `seconds`; that must be longer than the function may run.

    Args:
        client: a boto3 DynamoDB client.
        table: the crawls table's name.
        now: the time in epoch seconds.
    """

    def __init__(
        self, client: "DynamoDBClient", table: str, *, seconds: int = 90, now: Callable[[], float] = epoch
    ) -> None:
        self._table = Table(client, table)
        self._seconds = seconds
        self._now = now

    @contextmanager
    def hold(self, name: str) -> Iterator[bool]:
        """Hold the lease on `name` while the block runs. Yields False when somebody else holds it."""
        key = {"crawl_id": f"lease#{name}", "entry": "lease"}
        holder = secrets.token_hex(8)
        now = int(self._now())
        if not self._table.put(
            {**key, "holder": holder, "expires_at": now + self._seconds},
            "attribute_not_exists(crawl_id) OR expires_at < :now",
            {":now": now},
        ):
            yield False
            return
        try:
            yield True
        finally:
            self._table.delete(key, "holder = :holder", {":holder": holder})
