"""The crawls table in DynamoDB: which crawls there are, what their playlists held, and who works on what.

Key: partition `crawl_id`, sort `entry`. The summaries of all crawls share the partition ``crawls`` (so that listing
them is one query); the entries of a crawl live under its own id, numbered from 0. How far a crawl has come is never
stored: it follows from its entries and the state of their tracks.

A crawl is kept until a later one of its playlist has read all of it, and then for 90 days: that nobody remembers is no
proof that nobody holds. `expires_at` (epoch seconds, the table's TTL attribute) is on what is to go.
"""

import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from earshot.clock import Timestamp, epoch_in, in_seconds, now_iso, stamp
from earshot.errors import CrawlNotFound, EarshotError
from earshot.ids import CrawlId, TrackId
from earshot.messages import CrawlPlaylist
from earshot.reasons import Reason
from earshot.stores.dynamodb import Row, Table
from earshot.stores.tracks_table import TracksTable
from earshot.track import Status

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_SUMMARIES = "crawls"
_MEMORY: Row = {"crawl_id": "memory", "entry": "since"}
_KEPT_S = 90 * 24 * 3600


def new_crawl_id() -> CrawlId:
    """A fresh id that sorts by time."""
    return CrawlId(f"{stamp()}-{secrets.token_hex(4)}")


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
    """One entry of a playlist: the track it holds, or the `reason` why it holds none that can be crawled."""

    number: int
    track_id: TrackId | None = None
    reason: Reason | None = None


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
    step: CrawlPlaylist | None = None
    """The message that goes on with it."""
    due: Timestamp | None = None
    """When that message was to be worked on."""
    resumed: Timestamp | None = None
    """When that message was last taken for lost and sent again."""
    expires: bool = False
    """It is to be forgotten."""


@dataclass(frozen=True, slots=True)
class CrawlProgress:
    """How far a crawl has come. `states` and `reasons` count entries; `states` adds up to `total`."""

    summary: CrawlSummary
    total: int
    states: Mapping[EntryState, int] = field(default_factory=dict)
    reasons: Mapping[Reason, int] = field(default_factory=dict)

    @property
    def pending(self) -> int:
        """Entries whose track is still on its way."""
        return self.states.get(Status.PENDING, 0)

    @property
    def done(self) -> bool:
        """Whether the playlist has been read and nothing is pending."""
        return self.summary.finished is not None and not self.pending


class CrawlsTable:
    """Reads and writes crawls. Every write may be repeated.

    Args:
        client: a boto3 DynamoDB *client*.
        name: the table's name.
    """

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._table = Table(client, name)

    def start(self, message: CrawlPlaylist) -> None:
        """Note the crawl that `message` begins or goes on with; one that is there already keeps its start and step."""
        started = now_iso()
        first = {"started": started, "step": message.to_json(), "due": started}
        self._note(message.crawl_id, {"playlist": message.playlist}, first=first)

    def hand_on(self, message: CrawlPlaylist, *, due_in_s: float = 0.0) -> None:
        """Note the message that goes on with its crawl, before it is sent, and in how many seconds it is due."""
        self._note(message.crawl_id, {"step": message.to_json(), "due": in_seconds(due_in_s)})

    def resume(self, summary: CrawlSummary) -> bool:
        """Note that the message of a crawl is sent again. False when the crawl has gone on or ended meanwhile."""
        return self._note(
            summary.crawl_id,
            {"resumed": now_iso()},
            condition="attribute_not_exists(finished) AND due = :due",
            values={":due": summary.due},
        )

    def record_entries(self, crawl_id: CrawlId, entries: Iterable[CrawlEntry]) -> None:
        """Write `entries`; those with a number that is there already are replaced."""
        self._table.put_many(_entry_row(crawl_id, entry) for entry in entries)

    def new_entries(self, crawl_id: CrawlId, entries: Sequence[CrawlEntry]) -> list[CrawlEntry]:
        """Those of `entries` that are not recorded with this very content."""
        rows = self._table.get_many(_key(crawl_id, _number(entry)) for entry in entries)
        recorded = set(map(_entry, rows))
        return [entry for entry in entries if entry not in recorded]

    def finish_step(self, crawl_id: CrawlId, cursor: str | None) -> None:
        """Note that the pages from `cursor` on have been read and the rest handed on."""
        self._table.put({**_step(crawl_id, cursor), **_expiry()})

    def is_step_finished(self, crawl_id: CrawlId, cursor: str | None) -> bool:
        """Whether the message with this cursor has been worked through before."""
        return self._table.get(_step(crawl_id, cursor)) is not None

    def finish(self, crawl_id: CrawlId, error: EarshotError | None = None) -> None:
        """Note that the whole playlist has been read, or that `error` ended the reading; the first end stays."""
        said = {"error": {"code": error.code, "message": error.message, "hint": error.hint}} if error else {}
        self._note(crawl_id, {**said, "finished": now_iso()}, condition="attribute_not_exists(finished)")

    def note_removed(self, crawl_id: CrawlId, tracks: int) -> None:
        """Note how many tracks the crawl removes, before it does; what was noted first stays."""
        self._note(crawl_id, {}, first={"removed": tracks})

    def wait_until(self, crawl_id: CrawlId, until: Timestamp) -> None:
        """Note that a provider asked to wait until `until`; the latest such time stays."""
        self._note(
            crawl_id,
            {"waiting_until": until},
            condition="attribute_exists(started) "
            "AND (attribute_not_exists(waiting_until) OR waiting_until < :waiting_until)",
        )

    def summary(self, crawl_id: str) -> CrawlSummary:
        """The crawl's summary.

        Raises:
            CrawlNotFound: there is no such crawl.
        """
        row = self._table.get(_key(_SUMMARIES, crawl_id))
        if not row:
            raise CrawlNotFound(f"no crawl {crawl_id[:80]!r}", hint="`GET /crawls` lists them.")
        return _summary(row)

    def entries(self, crawl_id: CrawlId) -> Iterator[CrawlEntry]:
        """The entries recorded so far, in order."""
        return map(_entry, self._table.query({"crawl_id": crawl_id}))

    def progress(self, crawl_id: str, tracks_table: TracksTable) -> CrawlProgress:
        """How far the crawl has come.

        Raises:
            CrawlNotFound: there is no such crawl.
        """
        summary = self.summary(crawl_id)
        states: Counter[EntryState] = Counter()
        reasons: Counter[Reason] = Counter()
        seen: set[TrackId] = set()
        for entry in self.entries(summary.crawl_id):
            if entry.track_id is None or entry.track_id in seen:
                states[Trackless.SKIPPED] += 1
                reasons[entry.reason or Reason.DUPLICATE_ENTRY] += 1
            else:
                seen.add(entry.track_id)
        found = tracks_table.states(seen)
        for status, reason in found.values():
            states[status] += 1
            if reason:
                reasons[reason] += 1
        if lost := len(seen) - len(found):
            states[Trackless.MISSING] += lost
        return CrawlProgress(summary, sum(states.values()), states, reasons)

    def list(self, limit: int | None = 100, offset: int = 0) -> list[CrawlSummary]:
        """The newest crawls but for `offset`, newest first; with a limit of None all."""
        summaries = map(_summary, self._table.query({"crawl_id": _SUMMARIES}))
        return sorted(summaries, key=lambda summary: summary.started, reverse=True)[offset:][:limit]

    def expire(self, summary: CrawlSummary) -> None:
        """Forget the crawl in 90 days: its entries, and last its summary, which says that it is done."""
        self._table.put_many({**_entry_row(summary.crawl_id, e), **_expiry()} for e in self.entries(summary.crawl_id))
        self._note(summary.crawl_id, _expiry())

    def keep(self, summary: CrawlSummary) -> None:
        """Forget the crawl no more: older versions let every crawl expire."""
        self._table.put_many(_entry_row(summary.crawl_id, entry) for entry in self.entries(summary.crawl_id))
        self._table.update(
            _key(_SUMMARIES, summary.crawl_id), set_={"playlist": summary.playlist}, remove=("expires_at",)
        )

    def note_whole_since(self, since: Timestamp) -> None:
        """Note since when no crawl that counts has been forgotten; what was noted first stays."""
        self._table.update(_MEMORY, set_={}, keep={"since": since})

    def whole_since(self) -> Timestamp | None:
        """Since when no crawl that counts has been forgotten; None: not known."""
        row = self._table.get(_MEMORY)
        return row["since"] if row else None

    def _note(
        self,
        crawl_id: CrawlId,
        said: Row,
        *,
        first: Row | None = None,
        condition: str | None = None,
        values: Row | None = None,
    ) -> bool:
        """Write `said` into the summary, and `first` where nothing was noted yet. False: `condition` forbade it."""
        written = self._table.update(
            _key(_SUMMARIES, crawl_id), set_=said, keep=first, condition=condition, values=values
        )
        return written is not None


def _key(crawl_id: str, entry: str) -> Row:
    return {"crawl_id": crawl_id, "entry": entry}


def _expiry() -> Row:
    return {"expires_at": epoch_in(_KEPT_S)}


def _step(crawl_id: CrawlId, cursor: str | None) -> Row:
    return _key(f"steps#{crawl_id}", cursor or "start")


def _number(entry: CrawlEntry) -> str:
    return f"{entry.number:08d}"


def _entry_row(crawl_id: CrawlId, entry: CrawlEntry) -> Row:
    known = {"track_id": entry.track_id, "reason": entry.reason}
    return {
        **_key(crawl_id, _number(entry)),
        **{name: value for name, value in known.items() if value is not None},
    }


def _entry(row: Row) -> CrawlEntry:
    reason = row.get("reason")
    return CrawlEntry(int(row["entry"]), row.get("track_id"), Reason(reason) if reason else None)


def _summary(row: Row) -> CrawlSummary:
    waiting = row.get("waiting_until")
    return CrawlSummary(
        crawl_id=row["entry"],
        playlist=row.get("playlist", ""),
        started=row.get("started", ""),
        finished=row.get("finished"),
        waiting_until=waiting if waiting and waiting > now_iso() else None,
        error=row.get("error"),
        removed=row.get("removed", 0),
        step=CrawlPlaylist.from_json(row["step"]) if "step" in row else None,
        due=row.get("due"),
        resumed=row.get("resumed"),
        expires="expires_at" in row,
    )
