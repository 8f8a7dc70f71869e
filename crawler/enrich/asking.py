"""What the module of a provider offers, and what it may use to reach out.

``crawler/enrich/<name>.py`` is found by the name that the provider has in `earshot.enrichers`. Its entry is
``connect(web: Asking, settings) -> Ask``; of the settings it declares what it reads.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from crawler.rate_limit import RateLimiter
from earshot.errors import ProviderThrottled
from earshot.facts import Facts
from earshot.recordings import the_one
from earshot.track import TrackInfo
from earshot.web import Downloader

Ask: TypeAlias = Callable[[Sequence[TrackInfo]], Sequence[Facts | None]]
"""What the provider knows of recordings, in their order; empty facts of those that it does not know for certain, None
of those that it cannot be asked about as long as nobody knows more of them.

Raises:
    ProviderThrottled: not before so many seconds. ProviderUnavailable: it, or its answer, is broken now.
    ProviderRefused: it does not answer us.
"""


_PATIENCE_S = 10.0
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Asking:
    """How a provider is reached: its host alone, at its pace. `sleep`: waits."""

    provider: str
    downloader: Downloader
    limiter: RateLimiter
    sleep: Callable[[float], None] = time.sleep

    def answer(self, request: Callable[[], _Answer]) -> _Answer:
        """What one request is answered, once its turn has come. Who is to wait for seconds does.

        Raises:
            ProviderThrottled: the wait is longer; all workers pause for the provider. Others: see `Ask`.
        """
        waited_s = 0.0
        while True:
            try:
                with self.limiter.call(self.provider):
                    return request()
            except ProviderThrottled as error:
                waited_s += error.retry_after_s
                if waited_s > _PATIENCE_S:
                    raise
                self.sleep(error.retry_after_s)


def named(track: TrackInfo, title: str, artist: str) -> TrackInfo:
    """What was found for the track by its names, as far as a provider says that tells neither length nor ISRC."""
    return replace(track, title=title, artists=(artist,), isrc=None, duration_ms=None)


def exactly(track: TrackInfo, found: Sequence[TrackInfo]) -> TrackInfo | None:
    """Which of the `named` ones has the very names of the track, if only one has: a wrong song is worse than none."""
    return the_one(replace(track, duration_ms=None), found)
