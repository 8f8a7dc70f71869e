"""Who works on what: a short lease per track, so that a message delivered twice does not download twice."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError


class Leases:
    """Leases kept in the crawls table.

    A holder that dies loses its lease after `seconds`; that must be longer than the function may run.

    Args:
        client: a boto3 DynamoDB client.
        table: the crawls table's name.
    """

    def __init__(self, client: Any, table: str, *, seconds: int = 90) -> None:
        self._client = client
        self._table = table
        self._seconds = seconds

    @contextmanager
    def hold(self, name: str) -> Iterator[bool]:
        """Hold the lease on `name` while the block runs. Yields False when somebody else holds it."""
        key = {"crawl_id": {"S": f"lease#{name}"}, "entry": {"S": "lease"}}
        holder = secrets.token_hex(8)
        if not self._take(key, holder):
            yield False
            return
        try:
            yield True
        finally:
            self._release(key, holder)

    def _take(self, key: dict[str, Any], holder: str) -> bool:
        now = int(time.time())
        try:
            self._client.put_item(
                TableName=self._table,
                Item={**key, "holder": {"S": holder}, "expires_at": {"N": str(now + self._seconds)}},
                ConditionExpression="attribute_not_exists(crawl_id) OR expires_at < :now",
                ExpressionAttributeValues={":now": {"N": str(now)}},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def _release(self, key: dict[str, Any], holder: str) -> None:
        try:
            self._client.delete_item(
                TableName=self._table,
                Key=key,
                ConditionExpression="holder = :holder",
                ExpressionAttributeValues={":holder": {"S": holder}},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
