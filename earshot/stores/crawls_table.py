"""The crawls table in DynamoDB: which crawls there are, what their playlists held, and who works on what.

Key: partition `crawl_id`, sort `entry`. The summaries of all crawls share the partition ``crawls`` (so that listing
them is one query); the entries of a crawl live under its own id, numbered from 0, fifty to an item: that takes a third
of the time, and about a tenth of the write units. Older versions wrote an item for each, which is read, too. How far
a crawl has come follows from its entries and the state of their tracks. Counting them costs what they are, so the
summary keeps the latest counts for whoever asks (docs/adr/0014).

A crawl is kept until a later one of its playlist has read all of it, and then for 90 days: that nobody remembers is no
proof that nobody holds. `expires_at` (epoch seconds, the table's TTL attribute) is on what is to go.
"""

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from earshot.clock import Timestamp, epoch_in, in_seconds, now_iso, stamp
from earshot.crawls import CrawlEntry, CrawlProgress, CrawlSummary, Doubt, EntryState, Trackless, Withheld
from earshot.errors import CrawlCancelled, CrawlNotFound, EarshotError
from earshot.ids import CrawlId, TrackId
from earshot.messages import CrawlPlaylist
from earshot.reasons import Reason
from earshot.stores.crawl_entries import CrawlEntries
from earshot.stores.dynamodb import Row, Table, batches
from earshot.stores.tracks_table import TracksTable
from earshot.track import Status

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_SUMMARIES = "crawls"
_MEMORY: Row = {"crawl_id": "memory", "entry": "since"}
_KEPT_S = 90 * 24 * 3600
FORGOTTEN_IN_S = 24 * 3600
"""A crawl that counts no more is remembered for so long."""
_LONGEST_CURSOR = 200
"""In a key; that of a table has room for 1,024 bytes."""
_COUNTED_AT_ONCE = 100
COUNTED_PER_S = 150.0
"""Entries of all crawls that are counted in a second, on average."""


def new_crawl_id() -> CrawlId:
    """A fresh id that sorts by time."""
    return CrawlId(f"{stamp()}-{secrets.token_hex(4)}")


class CrawlsTable:
    """Reads and writes crawls. Every write may be repeated.

    Args:
        client: a boto3 DynamoDB *client*.
        name: the table's name.
    """

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._table = Table(client, name)
        self._entries = CrawlEntries(self._table)

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
        """Write `entries`; those with a number that is there already are replaced, and no other."""
        self._entries.record(crawl_id, entries)

    def new_entries(self, crawl_id: CrawlId, entries: Sequence[CrawlEntry]) -> list[CrawlEntry]:
        """Those of `entries` that are not recorded with this very content, whatever counting has found since."""
        return self._entries.new(crawl_id, entries)

    def finish_step(self, crawl_id: CrawlId, cursor: str | None) -> None:
        """Note that the pages from `cursor` on have been read and the rest handed on."""
        self._table.put({**_step(crawl_id, cursor), **_expiry()})

    def is_step_finished(self, crawl_id: CrawlId, cursor: str | None) -> bool:
        """Whether the message with this cursor has been worked through before."""
        return self._table.get(_step(crawl_id, cursor)) is not None

    def finish(self, crawl_id: CrawlId, error: EarshotError | None = None) -> None:
        """Note that the whole playlist has been read, or that `error` ended the reading; the first end stays."""
        said = {"error": {"code": error.code, "message": error.message, "hint": error.hint}} if error else {}
        if not self._note(crawl_id, {**said, "finished": now_iso()}, condition="attribute_not_exists(finished)"):
            self._note(crawl_id, {})  # who comes second may have recorded more: it is counted once again

    def cancel(self, crawl_id: CrawlId) -> None:
        """Have nothing more done for the crawl: whoever works on it looks here first. May be repeated.

        Where it is still read, its reading ends at once with that error; what has been read stays.
        """
        noted = self._note(crawl_id, {}, first={"cancelled": now_iso()}, condition="attribute_exists(started)")
        if noted:
            self.finish(crawl_id, CrawlCancelled("the crawl was cancelled before it had read everything"))

    def note_place(self, crawl_id: CrawlId, place: str) -> None:
        """Note what the crawl reads, whatever it is called; see `crawler.departed`."""
        self._note(crawl_id, {}, first={"place": place})

    def note_partial(self, crawl_id: CrawlId) -> None:
        """Note that something of the playlist could not be read."""
        self._note(crawl_id, {"partial": True})

    def note_withheld(self, crawl_id: CrawlId, withheld: Withheld) -> None:
        """Note what the crawl was asked to remove and does not remove; what was noted first stays."""
        said = {
            "tracks": withheld.tracks,
            "doubt": withheld.doubt.value,
            "names": [*withheld.names],
            "may_be_agreed": withheld.may_be_agreed,
        }
        self._note(crawl_id, {}, first={"withheld": said})

    def note_forgotten(self, summary: CrawlSummary, only_held: int) -> None:
        """Let the crawl count no more, and forget it in a day. `only_held`: see `CrawlSummary`."""
        self._table.put_many({**row, **_expiry(FORGOTTEN_IN_S)} for row in self._entries.rows(summary.crawl_id))
        self._note(
            summary.crawl_id,
            {"only_held": only_held, **_expiry(FORGOTTEN_IN_S)},
            first={"forgotten": now_iso()},
            condition="attribute_exists(started)",
        )

    def note_cleared(self, crawl_id: CrawlId, tracks: int) -> None:
        """Note how many tracks have gone with the playlist that is forgotten."""
        self._note(crawl_id, {"removed": tracks})

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
        return _summary(self._summary_row(crawl_id))

    def entries(self, crawl_id: CrawlId) -> Iterator[CrawlEntry]:
        """The entries recorded so far, in order."""
        return self._entries.all(crawl_id)

    def entries_after(self, crawl_id: CrawlId, number: int | None, count: int) -> list[CrawlEntry]:
        """The first `count` entries that come after the one with this number (None: from the first one on)."""
        return self._entries.after(crawl_id, number, count)

    def progress(self, crawl_id: str) -> CrawlProgress:
        """How far the crawl had come when it was last counted.

        Raises:
            CrawlNotFound: there is no such crawl.
        """
        return _progress(self._summary_row(crawl_id))

    def claim_count(self, progress: CrawlProgress) -> bool:
        """Note that the crawl is about to be counted. False when somebody else has just noted it, or others' counts
        leave no time for it now.
        """
        asked = progress.summary.asked
        claimed = self._table.update(
            _key(_SUMMARIES, progress.summary.crawl_id),
            set_={"asked": now_iso()},
            condition="attribute_exists(started) AND "
            + ("#asked = :before" if asked else "attribute_not_exists(#asked)"),
            values={":before": asked} if asked else None,
        )
        return claimed is not None and self._take_turn(progress.total)

    def _take_turn(self, entries: int) -> bool:
        """Whether it is anybody's turn to count; who counts so many entries takes time in which nobody else does."""
        until = in_seconds(entries / COUNTED_PER_S)
        taken = self._table.update(
            _key("counting", "turn"),
            set_={"until": until},
            condition="attribute_not_exists(#until) OR #until < :now",
            values={":now": now_iso()},
        )
        return taken is not None

    def count(self, crawl_id: str, tracks_table: TracksTable) -> CrawlProgress:
        """How far the crawl has come, counted anew and kept. It costs what the crawl holds.

        Reads are consistent, and the summary is read before the entries and these before their tracks: what was
        finished before is whole, so that the counts of a crawl that is done are exact. Where several count, those that
        began last are kept.

        Raises:
            CrawlNotFound: there is no such crawl.
        """
        begun = now_iso()
        summary = self.summary(crawl_id)
        states: Counter[EntryState] = Counter()
        reasons: Counter[Reason] = Counter()
        for some in batches(self._tracks_once(summary.crawl_id, states, reasons), _COUNTED_AT_ONCE):
            found = tracks_table.states(some)
            states.update(status for status, _ in found.values())
            reasons.update(reason for _, reason in found.values() if reason)
            if lost := len(some) - len(found):
                states[Trackless.MISSING] += lost
        progress = CrawlProgress(summary, sum(states.values()), states, reasons, begun, summary.noted)
        self._keep(progress)
        return progress

    def _tracks_once(
        self, crawl_id: CrawlId, states: Counter[EntryState], reasons: Counter[Reason]
    ) -> Iterator[TrackId]:
        """The tracks of a crawl, each once; the other entries are counted, and those that say it again marked."""
        seen: dict[TrackId, CrawlEntry] = {}
        for row, entries in self._entries.blocks(crawl_id):
            again: dict[int, CrawlEntry] = {}
            for entry in entries:
                if entry.track_id is None or entry.track_id in seen:
                    states[Trackless.SKIPPED] += 1
                    reasons[entry.reason or Reason.DUPLICATE_ENTRY] += 1
                    if entry.reason is None and entry.track_id is not None:
                        first = seen[entry.track_id]
                        name = first.name or f"entry {first.number + 1}"
                        again[entry.number] = replace(entry, reason=Reason.DUPLICATE_ENTRY, detail=name)
                else:
                    seen[entry.track_id] = entry
                    yield entry.track_id
            if again:
                self._entries.mark(row, again)

    def _keep(self, progress: CrawlProgress) -> None:
        counts = {
            "total": progress.total,
            "states": {state.value: count for state, count in progress.states.items()},
            "reasons": {reason.value: count for reason, count in progress.reasons.items()},
            "of": progress.of,
        }
        self._table.update(
            _key(_SUMMARIES, progress.summary.crawl_id),
            set_={"counts": counts, "begun": progress.begun},
            condition="attribute_exists(started) AND (attribute_not_exists(#begun) OR #begun < :begun)",
        )

    def list(self, limit: int | None = 100, offset: int = 0) -> list[CrawlSummary]:
        """The newest crawls but for `offset`, newest first (ids sort by time): it costs what these are.

        With a limit of None all, for repairs: it costs what exists.
        """
        if limit is not None:
            return [*map(_summary, self._table.last({"crawl_id": _SUMMARIES}, offset + limit))][offset:]
        summaries = map(_summary, self._table.query({"crawl_id": _SUMMARIES}))
        return sorted(summaries, key=lambda summary: summary.started, reverse=True)[offset:]

    def _summary_row(self, crawl_id: str) -> Row:
        row = self._table.get(_key(_SUMMARIES, crawl_id))
        if not row:
            raise CrawlNotFound(f"no crawl {crawl_id[:80]!r}", hint="`GET /crawls` lists them.")
        return row

    def expire(self, summary: CrawlSummary) -> None:
        """Forget the crawl in 90 days: its entries, and last its summary, which says that it is done."""
        self._table.put_many({**row, **_expiry()} for row in self._entries.rows(summary.crawl_id))
        # Not by `_note`: nothing was found out about the crawl, and its counts stay final.
        self._table.update(_key(_SUMMARIES, summary.crawl_id), set_=_expiry(), condition="attribute_exists(started)")

    def keep(self, summary: CrawlSummary) -> None:
        """Forget the crawl no more: older versions let every crawl expire."""
        self._table.put_many(
            {name: value for name, value in row.items() if name != "expires_at"}
            for row in self._entries.rows(summary.crawl_id)
        )
        self._table.update(
            _key(_SUMMARIES, summary.crawl_id),
            set_={"playlist": summary.playlist},
            remove=("expires_at",),
            condition="attribute_exists(started)",
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
            _key(_SUMMARIES, crawl_id),
            set_={**said, "noted": now_iso()},
            keep=first,
            condition=condition,
            values=values,
        )
        return written is not None


def _key(crawl_id: str, entry: str) -> Row:
    return {"crawl_id": crawl_id, "entry": entry}


def _expiry(seconds: float = _KEPT_S) -> Row:
    return {"expires_at": epoch_in(seconds)}


def _step(crawl_id: CrawlId, cursor: str | None) -> Row:
    if cursor and len(cursor) > _LONGEST_CURSOR:
        cursor = hashlib.sha256(cursor.encode()).hexdigest()
    return _key(f"steps#{crawl_id}", cursor or "start")


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
        withheld=_withheld(row["withheld"]) if "withheld" in row else None,
        place=row.get("place", ""),
        partial=row.get("partial", False),
        forgotten=row.get("forgotten"),
        cancelled=row.get("cancelled"),
        only_held=row.get("only_held", 0),
        step=CrawlPlaylist.from_json(row["step"]) if "step" in row else None,
        due=row.get("due"),
        resumed=row.get("resumed"),
        expires="expires_at" in row,
        noted=row.get("noted"),
        asked=row.get("asked"),
    )


def _withheld(said: Row) -> Withheld:
    return Withheld(said["tracks"], Doubt(said["doubt"]), tuple(said["names"]), said["may_be_agreed"])


def _progress(row: Row) -> CrawlProgress:
    summary, counts = _summary(row), row.get("counts")
    if counts is None:
        return CrawlProgress(summary)
    return CrawlProgress(
        summary,
        counts["total"],
        {_state(state): count for state, count in counts["states"].items()},
        {Reason(reason): count for reason, count in counts["reasons"].items()},
        row["begun"],
        counts.get("of"),
    )


def _state(text: str) -> EntryState:
    return Status(text) if text in frozenset(Status) else Trackless(text)
