"""Lists that people have sent to be crawled. Kept in the crawls table: they are small, and go with their crawls.

Key: ``list#<first 16 hex digits of the SHA-256 of the text>``, so that the same list is kept once.
"""

import hashlib
import zlib
from typing import TYPE_CHECKING

from earshot.clock import epoch_in
from earshot.errors import PlaylistNotFound, RequestTooLarge
from earshot.stores.dynamodb import Row, Table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

MAX_PASTED_BYTES = 1024 * 1024
"""Of UTF-8."""
_MAX_STORED_BYTES = 380 * 1024
"""An item of the table holds 400 KB."""
_KEPT_S = 90 * 24 * 3600


class PastedLists:
    """Keeps what was sent for 90 days.

    Args:
        client: a boto3 DynamoDB *client*.
        name: the crawls table's name.
    """

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._table = Table(client, name)

    def keep(self, text: str, name: str = "") -> str:
        """Keep the list; returns what `earshot.playlists` calls it. `name`: of the file, whose end says its form.

        Raises:
            RequestTooLarge: it has too much text.
        """
        content = text.encode("utf-8", "replace")
        packed = zlib.compress(content)
        if len(content) > MAX_PASTED_BYTES or len(packed) > _MAX_STORED_BYTES:
            raise RequestTooLarge(
                f"the list has more than {MAX_PASTED_BYTES >> 20} MiB of text",
                hint="Send it in parts, or put it where the crawler can read it: a folder, or an https URL.",
            )
        number = hashlib.sha256(content).hexdigest()[:16]
        self._table.update(_key(number), set_={"content": packed, "name": name, "expires_at": epoch_in(_KEPT_S)})
        return f"list:{number}"

    def get(self, called: str) -> tuple[bytes, str]:
        """The list in UTF-8, and its name.

        Raises:
            PlaylistNotFound: nobody has sent it, or not within 90 days.
        """
        row = self._table.get(_key(called.removeprefix("list:")))
        if row is None:
            raise PlaylistNotFound(f"no list {called}", hint="Lists are kept for 90 days: send it once more.")
        return zlib.decompress(row["content"]), row.get("name") or "the list"


def _key(number: str) -> Row:
    return {"crawl_id": f"list#{number}", "entry": "text"}
