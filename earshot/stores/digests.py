"""What tells whether a source says of a track what it said before, without reading what that was (docs/adr/0030).

A crawl that has written down all that it keeps of a track leaves a digest of what it was told on it. Every digest names
its edition. There is a new one with every change of what is kept, after tracks were written past the crawls, and where
the crawls table was lost, with the song keys in it: then all tracks are looked at once more. It is kept in that table.
"""

import hashlib
import secrets
from typing import TYPE_CHECKING

from earshot.stores.dynamodb import Row, Table
from earshot.track import TrackInfo

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_KEPT = 1
"""Raised with every change of what a crawl keeps of a track besides its description: its song keys."""
_KEY: Row = {"crawl_id": "memory", "entry": "edition"}


class Digests:
    """Which edition of digests counts.

    Args:
        client: a boto3 DynamoDB *client*.
        name: the crawls table's name.
    """

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._table = Table(client, name)

    def edition(self) -> str:
        """What the digests begin with that count."""
        row = self._table.get(_KEY) or self._table.update(_KEY, set_={}, keep=_new(), returns="ALL_NEW") or {}
        return f"{_KEPT}-{row['edition']}."

    def renew(self) -> None:
        """Let all digests count no more: who writes tracks past the crawls calls this when all are written."""
        self._table.put({**_KEY, **_new()})


def digest_of(info: TrackInfo, edition: str) -> str:
    """The digest of what a source says."""
    said = ascii(info.to_row()).encode()
    return edition + hashlib.blake2b(said, digest_size=8).hexdigest()


def _new() -> Row:
    return {"edition": secrets.token_hex(4)}
