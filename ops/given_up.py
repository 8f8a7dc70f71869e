"""How every track stands, and another chance for those that were given up."""

from collections.abc import Iterator, Mapping
from typing import Any

from earshot.ids import TrackId
from earshot.reasons import Reason
from earshot.stores.tracks_table import TracksTable
from earshot.track import Status


def reopen_given_up(table: TracksTable) -> None:
    """Make tracks pending again that were given up though another try may give them an embedding."""
    for track_id, status, reason in states(table):
        given_up = status in (Status.FAILED, Status.NO_PREVIEW)
        if given_up and reason is not None and reason.is_worth_retrying:
            table.reopen(track_id)


def states(table: TracksTable) -> Iterator[tuple[TrackId, str, Reason | None]]:
    """Id, status and reason of every track, also of one whose other attributes cannot be read."""
    for item in table.scan_items():
        reason = _text(item, "reason")
        yield (
            TrackId(_text(item, "track_id") or ""),
            _text(item, "status") or Status.PENDING,
            Reason(reason) if reason else None,
        )


def _text(item: Mapping[str, Any], name: str) -> str | None:
    value = item.get(name, {}).get("S")
    return value if isinstance(value, str) else None
