"""The messages the services send one another, as plain JSON."""

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Self

from pydantic import TypeAdapter, ValidationError

from earshot.clock import Timestamp
from earshot.errors import InvalidInput
from earshot.ids import CrawlId, QueryId, TrackId
from earshot.plays import Play
from earshot.reasons import Reason

_reader: Callable[[type], TypeAdapter[Any]] = cache(TypeAdapter)


def plain_fields(value: Any) -> dict[str, Any]:
    """The fields of a dataclass by name, for `json.dumps`. (`asdict` copies all in them, for thrice the time.)"""
    return {field.name: getattr(value, field.name) for field in fields(value)}


@dataclass(frozen=True, slots=True)
class _Message:
    def to_json(self) -> str:
        """Compact JSON of the fields."""
        return json.dumps(self, separators=(",", ":"), default=plain_fields)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Inverse of `to_json`; unknown fields are ignored so that old functions read newer messages.

        Raises:
            InvalidInput: not JSON, not an object, or a field is missing or of another type.
        """
        try:
            message: Self = _reader(cls).validate_json(text)
        except ValidationError as error:
            problem = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, problem["loc"]))
            raise InvalidInput(f"not a {cls.__name__}: {text[:200]!r} ({where}: {problem['msg']})") from None
        return message


@dataclass(frozen=True, slots=True)
class CrawlPlaylist(_Message):
    """Read `playlist` (again from `cursor`, where a crawl is cut into several messages).

    `only_new`: leave alone what earlier crawls could not get (scheduled re-crawls). `remove_missing`: remove the tracks
    that have left the playlist; `agreed`: up to so many although there is doubt (`earshot.crawls.Doubt`). `not_before`
    and `attempt`: see `FetchPreview`.
    """

    crawl_id: CrawlId
    playlist: str
    cursor: str | None = None
    only_new: bool = False
    remove_missing: bool = False
    agreed: int = 0
    not_before: Timestamp | None = None
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class CountCrawl(_Message):
    """Count how far a crawl has come. `asked`: when somebody wanted to know; what was begun since answers it."""

    crawl_id: CrawlId
    asked: Timestamp


@dataclass(frozen=True, slots=True)
class ForgetPlaylist(_Message):
    """Let what the crawl `crawl_id` has read count no more; with `remove_tracks` what nothing else holds goes, too.

    `asked`: when somebody wanted that; crawls of the playlist that began since are not meant. None: older versions did
    not say; they meant all there were. `attempt` counts the looks at what was still on its way.
    """

    crawl_id: CrawlId
    remove_tracks: bool
    asked: Timestamp | None = None
    attempt: int = 0


def parse_crawl(text: str) -> CrawlPlaylist | CountCrawl | ForgetPlaylist:
    """A message of the crawl queue.

    Raises:
        InvalidInput: it is none of these.
    """
    if '"remove_tracks"' in text:
        return ForgetPlaylist.from_json(text)
    return CountCrawl.from_json(text) if '"asked"' in text else CrawlPlaylist.from_json(text)


@dataclass(frozen=True, slots=True)
class FetchPreview(_Message):
    """Find and store the preview of a track.

    `not_before`: a provider asked to wait; queues delay 15 minutes at most, the message carries the
    rest. `attempt` counts the tries that failed for a passing reason; `outcomes` keeps what the providers asked so far
    have said, so that waiting for one does not ask the others again. `now`: somebody waits for this very track, so that
    it takes the queues that no crawl fills.
    """

    track_id: TrackId
    crawl_id: CrawlId | None = None
    not_before: Timestamp | None = None
    attempt: int = 0
    outcomes: dict[str, Reason] | None = None
    now: bool = False


@dataclass(frozen=True, slots=True)
class FetchClip(_Message):
    """Download the clip of a query by sound from `url`."""

    query_id: QueryId
    url: str


@dataclass(frozen=True, slots=True)
class FetchCover(_Message):
    """Find and store the cover that the source of these tracks calls `cover_id`."""

    cover_id: str
    track_ids: tuple[TrackId, ...]


def parse_fetch(text: str) -> FetchPreview | FetchClip | FetchCover:
    """A message of the fetch queue.

    Raises:
        InvalidInput: it is none of these.
    """
    if '"cover_id"' in text:
        return FetchCover.from_json(text)
    return FetchClip.from_json(text) if '"query_id"' in text else FetchPreview.from_json(text)


@dataclass(frozen=True, slots=True)
class RecordPlays(_Message):
    """Keep these plays, taken in at `accepted_at`: who asked to be forgotten after that has none kept."""

    plays: tuple[Play, ...]
    accepted_at: Timestamp


@dataclass(frozen=True, slots=True)
class TracksChanged(_Message):
    """The table holds these tracks differently than before, or no longer.

    `changed_at`: when the first of them was written, in seconds since the epoch; None when nobody knows.
    """

    track_ids: tuple[TrackId, ...]
    changed_at: float | None = None


@dataclass(frozen=True, slots=True)
class KeepUp(_Message):
    """Compact the indexes for which that is due, or all `on_demand`, and remove garbage."""

    on_demand: bool = False


@dataclass(frozen=True, slots=True)
class TrackNotIndexed(_Message):
    """A track cannot be indexed; it waits in the queue `index-failed`, for a person and for the next try."""

    track_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class IndexPublished(_Message):
    """A new index version can be loaded."""

    version: str
    tracks: int
    added: int
    removed: int
    model: str
    built_at: str
