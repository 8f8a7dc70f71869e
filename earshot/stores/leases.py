"""Who works on what: a short lease per track, so that a message delivered twice does not download twice.

A lease that was never given back tells of a worker that died of its work, or was ended by its time limit. They are
counted on the lease: messages come and go, and each begins to count anew.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from earshot.clock import epoch
from earshot.stores.dynamodb import Table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


_REMEMBERED_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that is held. `lost`: how many holders in a row before this one did not live to give it back."""

    lost: int


class Leases:
    """Leases kept in the crawls table.

    A holder that dies loses its lease after `seconds`; that must be longer than the function may run. For a day the
    lease remembers it.

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
    def hold(self, name: str) -> Iterator[Lease | None]:
        """Hold the lease on `name` while the block runs. Yields None when somebody else holds it."""
        key = {"crawl_id": f"lease#{name}", "entry": "lease"}
        holder = secrets.token_hex(8)
        now = int(self._now())
        row = self._table.update(
            key,
            set_={"holder": holder, "held_until": now + self._seconds, "expires_at": now + _REMEMBERED_S},
            add={"holders": 1},
            condition="attribute_not_exists(crawl_id) OR held_until < :now"
            " OR (attribute_not_exists(held_until) AND expires_at < :now)",  # as earlier versions wrote it
            values={":now": now},
            returns="ALL_NEW",
        )
        if row is None:
            yield None
            return
        try:
            yield Lease(lost=int(row["holders"]) - 1)
        finally:
            self._table.delete(key, "holder = :holder", {":holder": holder})
