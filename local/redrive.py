"""Gives every track that still awaits its embedding a message again."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from earshot.messages import FetchPreview
from earshot.track import Status
from earshot.tracks_table import TracksTable
from local.deployment import Deployment

RETRYABLE = frozenset({
    "decoder_crashed", "decoder_timeout", "file_gone", "forbidden_folder", "provider_off", "throttled", "unavailable",
})  # fmt: skip
"""Reasons that may not hold the next time: something was not reachable, switched off, or died on the way."""


@dataclass(frozen=True, slots=True)
class Redriven:
    """Tracks that were given a message: to the extractor, or to the crawler for want of a preview."""

    to_extract: list[str] = field(default_factory=list)
    to_fetch: list[str] = field(default_factory=list)

    @property
    def track_ids(self) -> list[str]:
        """All of them."""
        return [*self.to_extract, *self.to_fetch]


def pending(table: TracksTable) -> Iterator[str]:
    """Ids of the tracks that wait for a preview or an embedding."""
    return (track_id for track_id, status, _ in states(table) if status == Status.PENDING)


def awaiting(table: TracksTable) -> Iterator[str]:
    """Ids of the tracks that another try may give an embedding."""
    for track_id, status, reason in states(table):
        if status == Status.PENDING or (status in (Status.FAILED, Status.NO_PREVIEW) and reason in RETRYABLE):
            yield track_id


def states(table: TracksTable) -> Iterator[tuple[str, str, str | None]]:
    """Id, status and reason of every track, also of one whose other attributes cannot be read."""
    for item in table.scan_items():
        yield _text(item, "track_id") or "", _text(item, "status") or Status.PENDING, _text(item, "reason")


def _text(item: Mapping[str, Any], name: str) -> str | None:
    value = item.get(name, {}).get("S")
    return value if isinstance(value, str) else None


def redrive(deployment: Deployment, track_ids: Iterable[str]) -> Redriven:
    """Send a message for every preview that waits, and for every one of the tracks that has none.

    Messages are sent even where one may still be on its way: a duplicate changes nothing, a missing one would.
    """
    with_preview = list(deployment.previews.track_ids())
    held = set(with_preview)
    to_fetch = [track_id for track_id in track_ids if track_id not in held]
    for track_id in to_fetch:
        deployment.tracks.reopen(track_id)
    deployment.extract_queue.send_all([deployment.preview_uploaded(track_id) for track_id in with_preview])
    deployment.fetch_queue.send_all([FetchPreview(track_id) for track_id in to_fetch])
    return Redriven(with_preview, to_fetch)
