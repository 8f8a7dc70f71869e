"""What a listener was recommended lately: a short list in the listeners table, so that the same does not come for ever.

One item for each listener, written anew with each recommendation. Two at once may lose one of both: it is no account.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from earshot.clock import epoch, now_iso
from earshot.ids import TrackId
from earshot.plays import ListenerId
from earshot.stores.dynamodb import Row, Table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_SHOWN = "shown"
_MOST, _OF_ONE_ANSWER = 60, 20
"""Tracks that are kept, and how many of an answer count as seen."""
_KEEP_S = 30 * 86_400


class Shown(NamedTuple):
    """How often a track was shown, and when it was last (Unix seconds)."""

    times: int
    last_at: int


class ShownTracks:
    """Reads and writes what listeners were shown.

    Args:
        client: a boto3 DynamoDB *client*.
        name: the listeners table's name.
    """

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._table = Table(client, name)

    def of(self, listener: ListenerId) -> dict[TrackId, Shown]:
        """What the listener was shown within 30 days, the latest first."""
        row = self._table.get({"listener": listener, "item": _SHOWN})
        return _tracks(row) if row else {}

    def everybodys(self) -> Iterator[tuple[ListenerId, dict[TrackId, Shown]]]:
        """The same of all listeners who were shown anything, in any order. It costs what the table holds."""
        for rows, _ in self._table.pages(("listener", "tracks"), "#item = :item", {":item": _SHOWN}):
            yield from ((ListenerId(row["listener"]), _tracks(row)) for row in rows)

    def note(self, listener: ListenerId, before: Mapping[TrackId, Shown], tracks: Iterable[TrackId]) -> None:
        """Note that `tracks` were shown, beside what was `before`."""
        now = int(epoch())
        first = list(tracks)[:_OF_ONE_ANSWER]
        seen = {track_id: Shown(before[track_id].times + 1 if track_id in before else 1, now) for track_id in first}
        kept = [*seen.items(), *((track_id, one) for track_id, one in before.items() if track_id not in seen)][:_MOST]
        self._table.put({
            "listener": listener,
            "item": _SHOWN,
            "tracks": [[track_id, one.times, one.last_at] for track_id, one in kept],
            "made_at": now_iso(),
            "expires_at": now + _KEEP_S,
        })  # fmt: skip


def _tracks(row: Row) -> dict[TrackId, Shown]:
    since = epoch() - _KEEP_S
    return {TrackId(track_id): Shown(times, at) for track_id, times, at in row["tracks"] if at > since}
