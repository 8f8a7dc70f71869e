"""Gives every track that still awaits its embedding a message again."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from earshot.messages import FetchPreview
from earshot.track import Status, Track
from local.deployment import Deployment

RETRYABLE = frozenset({"unavailable", "throttled", "timeout", "too_many_tries"})
"""Reasons of failure that may not hold the next time."""


@dataclass(frozen=True, slots=True)
class Redriven:
    """Tracks that were given a message: to the extractor, or to the crawler for want of a preview."""

    to_extract: list[str] = field(default_factory=list)
    to_fetch: list[str] = field(default_factory=list)

    @property
    def track_ids(self) -> list[str]:
        """All of them."""
        return [*self.to_extract, *self.to_fetch]


def awaits_embedding(track: Track) -> bool:
    """Whether another try may give the track its embedding."""
    if track.status is Status.PENDING:
        return True
    return track.status in (Status.FAILED, Status.NO_PREVIEW) and track.reason in RETRYABLE


def redrive(deployment: Deployment, tracks: Iterable[Track]) -> Redriven:
    """Send a message for every preview that waits, and for every one of `tracks` that has none and awaits one.

    Messages are sent even where one may still be on its way: a duplicate changes nothing, a missing one would.
    """
    with_preview = list(deployment.previews.track_ids())
    held = set(with_preview)
    to_fetch = []
    for track in tracks:
        if awaits_embedding(track) and track.track_id not in held:
            deployment.tracks.reopen(track.track_id)
            to_fetch.append(track.track_id)
    deployment.extract_queue.send_all([deployment.preview_uploaded(track_id) for track_id in with_preview])
    deployment.fetch_queue.send_all([FetchPreview(track_id) for track_id in to_fetch])
    return Redriven(with_preview, to_fetch)
