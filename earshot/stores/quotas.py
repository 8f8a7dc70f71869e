"""How much of something may be done in an hour: one counter per name and hour, kept in the crawls table."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from earshot.errors import QuotaExceeded
from earshot.stores.dynamodb import Table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_HOUR_S = 3600


class Quotas:
    """Counts what was taken. Hours are those of the clock: who has used one up waits for the next.

    Args:
        client: a boto3 DynamoDB client.
        table: the crawls table's name.
        now: the time in epoch seconds.
    """

    def __init__(self, client: "DynamoDBClient", table: str, *, now: Callable[[], float] = time.time) -> None:
        self._table = Table(client, table)
        self._now = now

    def take(self, name: str, most: int, count: int = 1) -> None:
        """Take `count` of the `most` that `name` may take in an hour. It costs one write, also where it is refused.

        Raises:
            QuotaExceeded: all have been taken.
        """
        hour, past_s = divmod(int(self._now()), _HOUR_S)
        taken = self._table.update(
            {"crawl_id": f"quota#{name}", "entry": str(hour)},
            set_={"expires_at": (hour + 2) * _HOUR_S},
            add={"used": count},
            condition="(attribute_not_exists(#used) AND :left >= :none) OR #used <= :left",
            values={":left": most - count, ":none": 0},
        )
        if taken is None:
            raise QuotaExceeded(f"{most} an hour are allowed", retry_after_s=_HOUR_S - past_s)
