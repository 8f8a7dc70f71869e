"""The messages the services send one another, as plain JSON."""

import json
from dataclasses import asdict, dataclass
from typing import Self

from earshot.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class _Message:
    def to_json(self) -> str:
        """Compact JSON of the fields."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Inverse of `to_json`; unknown fields are ignored so that old functions read newer messages.

        Raises:
            InvalidInput: not JSON, not an object, or a field is missing.
        """
        try:
            data = json.loads(text)
            return cls(**{name: data[name] for name in cls.__dataclass_fields__ if name in data})
        except (ValueError, TypeError, AttributeError) as error:
            raise InvalidInput(f"not a {cls.__name__}: {text[:200]!r} ({error})") from None


@dataclass(frozen=True, slots=True)
class CrawlPlaylist(_Message):
    """Read `playlist` (again from `cursor`, where a crawl is cut into several messages).

    `only_new`: leave alone what earlier crawls could not get (scheduled re-crawls). `remove_missing`: remove the tracks
    that have left the playlist. `not_before` and `attempt`: see `FetchPreview`.
    """

    crawl_id: str
    playlist: str
    cursor: str | None = None
    only_new: bool = False
    remove_missing: bool = False
    not_before: str | None = None
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class FetchPreview(_Message):
    """Find and store the preview of a track.

    `not_before` (ISO 8601, UTC): a provider asked to wait; queues delay 15 minutes at most, the message carries the
    rest. `attempt` counts the tries that failed for a passing reason; `outcomes` keeps what the providers asked so far
    have said, so that waiting for one does not ask the others again.
    """

    track_id: str
    crawl_id: str | None = None
    not_before: str | None = None
    attempt: int = 0
    outcomes: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class FetchClip(_Message):
    """Download the clip of a query by sound from `url`."""

    query_id: str
    url: str


def parse_fetch(text: str) -> FetchPreview | FetchClip:
    """A message of the fetch queue.

    Raises:
        InvalidInput: it is neither.
    """
    return FetchClip.from_json(text) if '"query_id"' in text else FetchPreview.from_json(text)


@dataclass(frozen=True, slots=True)
class TrackNotIndexed(_Message):
    """The table's item of a track cannot be read; it waits in the queue `index-failed` for a person."""

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
