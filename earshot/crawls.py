"""What everyone means by a crawl: the entries of its playlist, how it stands, and how far it has come."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from earshot.clock import Timestamp, seconds_until
from earshot.ids import CrawlId, TrackId
from earshot.messages import CrawlPlaylist
from earshot.reasons import Reason
from earshot.track import Status

_PAUSE_S = 2.0
_ENTRIES_PER_S = 100.0
"""Of one crawl, on average, so that counting it costs cents an hour, whatever its size."""


class Trackless(StrEnum):
    """The states of entries that have no track of their own."""

    SKIPPED = "skipped"
    """It holds no track, or one listed before (reason ``duplicate_entry``)."""
    MISSING = "missing"
    """Its track has been deleted since."""


EntryState = Status | Trackless
"""How far an entry has come: as far as its track."""


@dataclass(frozen=True, slots=True)
class CrawlEntry:
    """One entry of a playlist: the track it holds, or the `reason` why it holds none that can be crawled.

    `name`: what people know it by, as far as the track does not say it: the path of a file below its folder, else
    artist and title. `detail`: what else there is to say of the reason: a format, what the system said, a name.
    """

    number: int
    track_id: TrackId | None = None
    reason: Reason | None = None
    name: str = ""
    detail: str = ""


class Doubt(StrEnum):
    """Why a crawl did not remove what seems to have left its playlist."""

    UNREAD = "unread"
    """Something could not be read, and may hold it."""
    EMPTIED = "emptied"
    """Nothing is left in the playlist, or in a folder of it: a disk may be away."""
    FOLDER_GONE = "folder_gone"
    """A whole folder is not there any more."""
    PARTED = "parted"
    """A cue sheet came or went: what was one track is several now, or one again."""
    MANY = "many"
    """It is a large part of the playlist."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """What a crawl was asked to remove and did not remove.

    `names` are the first few. `may_be_agreed`: whether a crawl that is told that so many `tracks` may go removes them;
    where the playlist could not be read whole, none does.
    """

    tracks: int
    doubt: Doubt
    names: tuple[str, ...] = ()
    may_be_agreed: bool = True


@dataclass(frozen=True, slots=True)
class CrawlSummary:
    """A crawl as its summary item knows it."""

    crawl_id: CrawlId
    playlist: str
    started: Timestamp
    finished: Timestamp | None = None
    """When the last entry of the playlist had been read."""
    waiting_until: Timestamp | None = None
    """A provider asked to wait until then."""
    error: dict[str, str] | None = None
    """`code`, `message` and `hint` of what ended the reading early."""
    removed: int = 0
    """Tracks removed because they had left the playlist."""
    withheld: Withheld | None = None
    """Tracks that seem to have left the playlist, and were not removed without being asked for."""
    place: str = ""
    """What was read, whatever it was called; see `crawler.departed`."""
    partial: bool = False
    """Something of the playlist could not be read."""
    forgotten: Timestamp | None = None
    """Since when it counts no more: its playlist is to be forgotten."""
    cancelled: Timestamp | None = None
    """Since when nothing more is to be done for it."""
    only_held: int = 0
    """Tracks that no other playlist held when this one was forgotten."""
    step: CrawlPlaylist | None = None
    """The message that goes on with it."""
    due: Timestamp | None = None
    """When that message was to be worked on."""
    resumed: Timestamp | None = None
    """When that message was last taken for lost and sent again."""
    expires: bool = False
    """It is to be forgotten."""
    noted: Timestamp | None = None
    """When anything was last noted of it."""
    asked: Timestamp | None = None
    """When it was last asked to be counted."""


@dataclass(frozen=True, slots=True)
class CrawlProgress:
    """How far a crawl has come. `states` and `reasons` count entries; `states` adds up to `total`."""

    summary: CrawlSummary
    total: int = 0
    states: Mapping[EntryState, int] = field(default_factory=dict)
    reasons: Mapping[Reason, int] = field(default_factory=dict)
    begun: Timestamp | None = None
    """When counting began; None before the first time."""
    of: Timestamp | None = None
    """What had last been `noted` by then."""

    @property
    def pending(self) -> int:
        """Entries whose track is still on its way."""
        return self.states.get(Status.PENDING, 0)

    @property
    def done(self) -> bool:
        """Whether the playlist had been read and nothing was pending. Such counts are final.

        Whoever works on a crawl notes something on it afterwards, if only its end: counts that are older than the
        latest note may lack entries.
        """
        counted_all = self.begun is not None and self.of == self.summary.noted
        return self.summary.finished is not None and counted_all and not self.pending

    @property
    def is_due(self) -> bool:
        """Whether it is time to count anew: never when it is done, else the more seldom the more there is to count."""
        pause_s = max(_PAUSE_S, self.total / _ENTRIES_PER_S)
        asked = self.summary.asked
        return not self.done and (asked is None or -seconds_until(asked) >= pause_s)
