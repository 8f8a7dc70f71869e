"""What the module of a provider offers, and what it may use to reach out.

``crawler/enrich/<name>.py`` is found by the name that the provider has in `earshot.enrichers`. Its entry is
``connect(web: Asking, settings) -> Ask``; of the settings it declares what it reads.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from crawler.rate_limit import RateLimiter
from earshot.facts import Facts
from earshot.recordings import the_one
from earshot.track import TrackInfo
from earshot.web import Downloader

Ask: TypeAlias = Callable[[Sequence[TrackInfo]], Sequence[Facts]]
"""What the provider knows of recordings, in their order; empty facts of those that it does not know for certain.

Raises:
    ProviderThrottled: not before so many seconds. ProviderUnavailable: it, or its answer, is broken now.
    ProviderRefused: it does not answer us.
"""


@dataclass(frozen=True, slots=True)
class Asking:
    """How the provider is reached: its host alone, at its pace."""

    downloader: Downloader
    limiter: RateLimiter


def named(track: TrackInfo, title: str, artist: str) -> TrackInfo:
    """What was found for the track by its names, as far as a provider says that tells neither length nor ISRC."""
    return replace(track, title=title, artists=(artist,), isrc=None, duration_ms=None)


def exactly(track: TrackInfo, found: Sequence[TrackInfo]) -> TrackInfo | None:
    """Which of the `named` ones has the very names of the track, if only one has: a wrong song is worse than none."""
    return the_one(replace(track, duration_ms=None), found)
