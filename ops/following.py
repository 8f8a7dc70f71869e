"""Waits until tracks have settled, that is, until each is searchable or has a reason why not."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from earshot.api_client import ApiClient
from earshot.crawls import CrawlProgress
from earshot.ids import CrawlId, TrackId
from earshot.track import Status
from ops.deployment import Deployment
from ops.queue_table import queue_table

_POLL_S = 0.4
_LONGEST_PAUSE_S = 15.0
_QUIET_S = 60.0
"""So long without any change, and with empty queues, means that nobody works on what is left."""


@dataclass(slots=True)
class Standing:
    """How far a set of tracks has come."""

    total: int = 0
    searchable: int = 0
    states: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    reading: bool = False
    """Whether the playlist is still being read, so that `total` grows."""
    waiting_until: str | None = None
    stuck: bool = False
    """Whether nothing moves any more although something is left."""

    @property
    def ready(self) -> int:
        """Tracks with an embedding."""
        return self.states[Status.READY]

    @property
    def settled(self) -> int:
        """Tracks that are searchable or have a reason."""
        return self.searchable + self.total - self.ready - self.states[Status.PENDING]

    @property
    def done(self) -> bool:
        """Whether all tracks have settled."""
        return not self.reading and self.settled >= self.total

    def key(self) -> tuple[object, ...]:
        """Changes whenever anything has moved."""
        return (self.total, self.searchable, self.ready, self.states[Status.PENDING], self.reading)


def pause_s(look_s: float) -> float:
    """Seconds until the next look: looking costs what the set holds, and must stay a small part of the work.

    A look that took so long because the stack was away must not be waited for all over again.
    """
    return min(max(_POLL_S, 3 * look_s), _LONGEST_PAUSE_S)


Watch = Callable[[Standing], None]


class Follower:
    """Keeps asking until everything has settled.

    Args:
        deployment: where the tracks are.
        api: where they become searchable.
    """

    def __init__(self, deployment: Deployment, api: ApiClient) -> None:
        self._deployment = deployment
        self._api = api
        self._searchable: set[str] = set()

    def crawl(self, crawl_id: CrawlId, watch: Watch) -> tuple[Standing, CrawlProgress]:
        """Follow a crawl to its end, or until nothing moves any more."""
        latest: list[CrawlProgress] = []

        def look() -> Standing:
            progress = self._deployment.crawls.count(crawl_id, self._deployment.tracks)
            latest[:] = [progress]
            standing = Standing(
                total=progress.total,
                states=Counter(progress.states),
                reasons=Counter(progress.reasons),
                reading=progress.summary.finished is None,
                waiting_until=progress.summary.waiting_until,
            )
            if standing.ready:
                entries = self._deployment.crawls.entries(crawl_id)
                standing.searchable = self._count_searchable({e.track_id for e in entries if e.track_id})
            return standing

        return self._until_done(look, watch), latest[0]

    def tracks(self, track_ids: Iterable[TrackId], watch: Watch) -> Standing:
        """Follow some tracks until they have settled, or until nothing moves any more."""
        wanted = set(track_ids)

        def look() -> Standing:
            found = self._deployment.tracks.states(wanted)
            standing = Standing(total=len(found))
            standing.states.update(status.value for status, _ in found.values())
            standing.reasons.update(reason for _, reason in found.values() if reason)
            standing.searchable = self._count_searchable(wanted) if standing.ready else 0
            return standing

        return self._until_done(look, watch)

    def _until_done(self, look: Callable[[], Standing], watch: Watch) -> Standing:
        before, since = None, time.monotonic()
        while True:
            started = time.monotonic()
            standing = look()
            if standing.key() != before:
                before, since = standing.key(), started
            elif started - since > _QUIET_S and not self._anything_queued():
                standing.stuck = True
            watch(standing)
            if standing.done or standing.stuck:
                return standing
            time.sleep(pause_s(time.monotonic() - started))

    def _count_searchable(self, track_ids: set[TrackId]) -> int:
        open_ids = track_ids - self._searchable
        ready = [
            track_id
            for track_id, (status, _) in self._deployment.tracks.states(open_ids).items()
            if status is Status.READY
        ]
        self._searchable.update(filter(self._api.is_searchable, ready))
        return len(self._searchable & track_ids)

    def _anything_queued(self) -> bool:
        return any(map(self._deployment.waiting, queue_table().work))
