"""What lists name and a person's own files did not hold so far, and what a crawl has brought of it.

Kept in the crawls table, by the keys of `earshot.stores.song_keys`. Per key there is one item that says that anybody
wants it, so that a page of files is compared by a read or two, and one per list. A list is called by a digest of what
names it, so that its crawls, however many, want each song once. What is wanted stays noted when it has come: of a song
that comes a second time, the list may have the better file.
"""

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from earshot.clock import epoch_in
from earshot.ids import CrawlId
from earshot.stores.crawls_table import new_crawl_id
from earshot.stores.dynamodb import Row, Table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_ANYBODY = "anybody"
_KEPT_S = 90 * 24 * 3600
"""How long it is known what a crawl has brought: longer than any message lives."""


def list_id(playlist: str) -> str:
    """What a list is called here."""
    return _digest(playlist)


class WantedSongs:
    """Notes what lists want and finds who wants what has come. Every write may be repeated.

    Args:
        client: a boto3 DynamoDB *client*.
        name: the crawls table's name.
    """

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._table = Table(client, name)

    def note(self, keys: Iterable[str], playlist: str) -> set[str]:
        """Note that the list wants the songs; those of the keys that were not noted before.

        It may die at any line: the list's own item goes last, and tells that all is there.
        """
        wanting = list_id(playlist)
        rows = {key: {"crawl_id": _wanted(key), "entry": wanting} for key in keys}
        noted = {row["crawl_id"] for row in self._table.get_many(rows.values(), ("crawl_id",))}
        missing = {key: row for key, row in rows.items() if row["crawl_id"] not in noted}
        self._table.put_many({**row, "entry": _ANYBODY} for row in missing.values())
        self._table.put_many(missing.values())
        return {*missing}

    def wanting(self, keys: Iterable[str]) -> set[str]:
        """The lists that want any of the songs. It costs a read for a hundred keys, and one for each that is wanted."""
        rows = [{"crawl_id": _wanted(key), "entry": _ANYBODY} for key in dict.fromkeys(keys)]
        wanted = {row["crawl_id"] for row in self._table.get_many(rows, ("crawl_id",))}
        found = {row["entry"] for partition in wanted for row in self._table.query({"crawl_id": partition})}
        return found - {_ANYBODY}

    def note_met(self, crawl_id: CrawlId, lists: Iterable[str]) -> None:
        """Note that the crawl brings something that these lists want."""
        self._table.put_many(
            {"crawl_id": _met(crawl_id), "entry": met, "expires_at": epoch_in(_KEPT_S)} for met in lists
        )

    def met(self, crawl_id: CrawlId) -> set[str]:
        """The lists of which the crawl has brought something."""
        return {row["entry"] for row in self._table.query({"crawl_id": _met(crawl_id)})}

    def next_crawl(self, crawl_id: CrawlId, met: str) -> CrawlId:
        """The id of the crawl of the list `met` that follows on the crawl `crawl_id`, always the same."""
        row: Row | None = self._table.update(
            {"crawl_id": f"next#{crawl_id}", "entry": met},
            set_={"expires_at": epoch_in(_KEPT_S)},
            keep={"next": new_crawl_id()},
            returns="ALL_NEW",
        )
        assert row is not None  # without a condition it is always written  # noqa: S101
        return CrawlId(row["next"])


def _wanted(key: str) -> str:
    return f"wanted#{_digest(key)}"


def _met(crawl_id: CrawlId) -> str:
    return f"met#{crawl_id}"


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()
