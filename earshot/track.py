"""The track: what is known of one recording, and where it stands on its way into the index."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Status(StrEnum):
    """How far a track has come."""

    PENDING = "pending"
    READY = "ready"
    NO_PREVIEW = "no_preview"
    FAILED = "failed"


class Tag(NamedTuple):
    """A tag of the network's own head with its probability, 0..1. (A tuple: a page of results makes hundreds.)"""

    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class TrackInfo:
    """What a source says of a track. Unknown texts are empty, other unknowns are None."""

    track_id: str
    source: str
    title: str = ""
    artists: tuple[str, ...] = ()
    album: str = ""
    isrc: str | None = None
    duration_ms: int | None = None
    url: str | None = None
    artwork_url: str | None = None
    preview_url: str | None = None
    """Where the source itself says the preview is; for a file, its `file://` URL. May expire."""


@dataclass(frozen=True, slots=True)
class Track:
    """One row of the tracks table.

    `embedding` and `drift` are little-endian float16 bytes (`earshot.embedding.Embedding`), present when `status`
    is ready. `preview_at` is when the preview they come from was fetched (ISO 8601, UTC): a newer preview wins.
    """

    info: TrackInfo
    status: Status = Status.PENDING
    reason: str | None = None
    model: str | None = None
    embedding: bytes | None = None
    drift: bytes | None = None
    tags: tuple[Tag, ...] = ()
    provider: str | None = None
    """Which provider served the preview."""
    preview_at: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    version_of: str | None = None
    """The track of the same recording (same ISRC) whose embedding this one shares."""

    @property
    def track_id(self) -> str:
        """Canonical id."""
        return self.info.track_id
