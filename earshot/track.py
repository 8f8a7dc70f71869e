"""The track: what is known of one recording, and where it stands on its way into the index."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from operator import attrgetter
from typing import Any, NamedTuple, Self

from earshot.clock import Timestamp
from earshot.descriptors import Descriptors
from earshot.facts import Learned, known, learned_in, learned_rows
from earshot.ids import TrackId
from earshot.reasons import Reason

NO_COVER = "none"
"""Said of a track whose source has no cover that can be shown."""
Row = Mapping[str, Any]
"""What is kept of a track, by field, as plain values: how tables, previews and the index hold it."""


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
    """What a source says of a track. Unknown texts are empty, other unknowns are None.

    A field more is a line here: whatever keeps tracks keeps what `to_row` gives.
    """

    track_id: TrackId
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
    genres: tuple[str, ...] = ()
    year: int | None = None
    """Of the first release where the source knows it, else of this one."""
    album_artist: str = ""
    track_number: int | None = None
    disc_number: int | None = None
    mbid: str | None = None
    """The recording at MusicBrainz, a UUID in lower case."""
    path: str = ""
    """Where a media server has its file, as the server says: mostly relative to its music folder."""
    cover_id: str | None = None
    """What its source calls the cover; of a file, a hash of the pictures in and beside it."""
    cover: str | None = None
    """The cover that Earshot keeps (`earshot.stores.covers_bucket`), once it does; `NO_COVER`: there is none."""
    popularity: int | None = None
    """How well known it is, 0 to 100 (`earshot.facts.popularity`). Worked out where it is read: no source says so."""

    @property
    def own_cover(self) -> str | None:
        """The cover that Earshot keeps, if it keeps one."""
        return None if self.cover == NO_COVER else self.cover

    @property
    def called(self) -> str:
        """Artists and title, as far as they are known, else the id."""
        return " – ".join(filter(None, (", ".join(self.artists), self.title))) or self.track_id

    def to_row(self) -> dict[str, object]:
        """What is known; what is not is left out, so that it never erases what is."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in zip(_NAMES, _values(self), strict=True)
            if value not in (None, "", ())
        }

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """Inverse of `to_row`. Rows may hold more, and older ones lack fields."""
        return cls(*info_values(row))


_FIELDS = tuple((one.name, "" if one.name == "source" else one.default) for one in fields(TrackInfo))
_OPTIONAL = _FIELDS[1:]
_NAMES = tuple(name for name, _ in _FIELDS)
_values = attrgetter(*_NAMES)


def info_values(row: Row) -> list[Any]:
    """The values of a row's `TrackInfo`, in the order of its fields: a page of results reads hundreds."""
    value_of = row.get
    return [
        row["track_id"],
        *[tuple(v) if isinstance(v := value_of(name, default), list) else v for name, default in _OPTIONAL],
    ]


@dataclass(frozen=True, slots=True)
class Track:
    """One row of the tracks table.

    `embedding` and `drift` are little-endian float16 bytes (`earshot.embedding.Embedding`), present when `status`
    is ready. `preview_at` is when the preview they come from was fetched: a newer preview wins.
    """

    info: TrackInfo
    status: Status = Status.PENDING
    reason: Reason | None = None
    model: str | None = None
    embedding: bytes | None = None
    drift: bytes | None = None
    tags: tuple[Tag, ...] = ()
    provider: str | None = None
    """Which provider served the preview."""
    preview_at: Timestamp | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    version_of: TrackId | None = None
    """The track of the same recording (same ISRC) whose embedding this one shares."""
    descriptors: Descriptors | None = None
    """What it sounds like in music's words; None where it was heard by an Earshot that told none."""
    learned: Mapping[str, Learned] = field(default_factory=dict)
    """What others were asked of it and said, by provider."""

    @property
    def track_id(self) -> TrackId:
        """Canonical id."""
        return self.info.track_id

    @property
    def shown(self) -> TrackInfo:
        """What its source says, completed by what others know (`earshot.facts.known`)."""
        if not self.learned:
            return self.info
        return TrackInfo.from_row(known({"source": "", **self.info.to_row(), "facts": learned_rows(self.learned)}))

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """The track in a row of the table, or in one that lacks some of its state."""
        reason = row.get("reason")
        return cls(
            TrackInfo.from_row(row),
            Status(row.get("status", Status.PENDING)),
            reason=Reason(reason) if reason else None,
            tags=tuple(Tag(name, float(probability)) for name, probability in row.get("tags", ())),
            descriptors=descriptors_in(row),
            learned=learned_in(row),
            **{name: row[name] for name in _STATE if name in row},
        )


_MADE = ("info", "status", "reason", "tags", "descriptors", "learned")
_STATE = tuple(one.name for one in fields(Track) if one.name not in _MADE)


def descriptors_in(row: Row) -> Descriptors | None:
    """What a row says of the track in music's words; older rows say nothing."""
    said = row.get("descriptors")
    return Descriptors.from_row(said) if said else None
