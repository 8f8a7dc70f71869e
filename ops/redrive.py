"""Gives every track that still awaits its embedding a message again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from earshot.ids import TrackId
from earshot.messages import FetchPreview
from earshot.reasons import Reason
from earshot.stores.tracks_table import TracksTable
from earshot.track import Status
from ops.deployment import Deployment


@dataclass(frozen=True, slots=True)
class Redriven:
    """Tracks that were given a message: to the extractor, or to the crawler for want of a preview."""

    to_extract: list[TrackId] = field(default_factory=list)
    to_fetch: list[TrackId] = field(default_factory=list)

    @property
    def track_ids(self) -> list[TrackId]:
        """All of them."""
        return [*self.to_extract, *self.to_fetch]


def pending(table: TracksTable) -> Iterator[TrackId]:
    """Ids of the tracks that wait for a preview or an embedding."""
    return (track_id for track_id, status, _ in states(table) if status == Status.PENDING)


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


def redrive(deployment: Deployment) -> Redriven:
    """Send a message for every preview that waits, and for every pending track that has none.

    Messages are sent even where one may still be on its way: a duplicate changes nothing, a missing one would.
    """
    with_preview = list(deployment.previews.track_ids())
    held = set(with_preview)
    to_fetch = [track_id for track_id in pending(deployment.tracks) if track_id not in held]
    deployment.extract_queue.send_all([deployment.preview_uploaded(track_id) for track_id in with_preview])
    deployment.fetch_queue.send_all([FetchPreview(track_id) for track_id in to_fetch])
    return Redriven(with_preview, to_fetch)
