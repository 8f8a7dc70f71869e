"""What became of each entry of a crawl: which were heard, which were not, and why."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from earshot.crawls import CrawlEntry, EntryState, Trackless
from earshot.errors import InvalidInput
from earshot.ids import CrawlId, TrackId
from earshot.reasons import Reason
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.tracks_table import TracksTable
from earshot.track import Status, Track

_AT_ONCE = 100
_LOOKED_AT = 1000
"""Entries that one request looks at: what a few reads of the tables cost."""


@dataclass(frozen=True, slots=True)
class Told:
    """An entry of a crawl, and how it stands. `name`, `detail`: see `CrawlEntry`; `name` is never empty."""

    number: int
    name: str
    track_id: TrackId | None
    state: EntryState
    reason: Reason | None
    detail: str

    @property
    def is_unheard(self) -> bool:
        """Whether nothing was heard of it, and nothing will be unless something changes."""
        return self.state not in (Status.READY, Status.PENDING)


def as_asked(state: str | None, reason: str | None) -> Callable[[Told], bool]:
    """Whether an entry stands so, or is `unheard`, and has this reason; what is None does not matter."""

    def wanted(entry: Told) -> bool:
        stands = state is None or (entry.is_unheard if state == "unheard" else entry.state == state)
        return stands and (reason is None or entry.reason == reason)

    return wanted


@dataclass(frozen=True, slots=True)
class ToldPage:
    """Some entries in their order. `next`: the number of the entry to go on after; None: there are no more."""

    entries: Sequence[Told]
    next: int | None


def told(
    crawl_id: CrawlId,
    wanted: Callable[[Told], bool],
    *,
    crawls: CrawlsTable,
    tracks: TracksTable,
    after: int | None,
    limit: int,
) -> ToldPage:
    """At most `limit` entries of the crawl that are `wanted` and come after the entry with the number `after`.

    A page may hold fewer, and even none, although others come: it looks at a thousand entries at most.
    """
    found: list[Told] = []
    for _ in range(_LOOKED_AT // _AT_ONCE):
        some = crawls.entries_after(crawl_id, after, _AT_ONCE)
        for entry in _told(some, tracks):
            after = entry.number
            if wanted(entry):
                found.append(entry)
                if len(found) == limit:
                    return ToldPage(found, after)
        if len(some) < _AT_ONCE:
            return ToldPage(found, None)
    return ToldPage(found, after)


def all_told(
    crawl_id: CrawlId, wanted: Callable[[Told], bool], *, crawls: CrawlsTable, tracks: TracksTable, most: int
) -> list[tuple[Told, Track | None]]:
    """All entries of the crawl that are `wanted`, each with its track, where it has one that is described.

    Raises:
        InvalidInput: the crawl has more than `most`.
    """
    found: list[tuple[Told, Track | None]] = []
    looked_at, after = 0, None
    while some := crawls.entries_after(crawl_id, after, _AT_ONCE):
        looked_at, after = looked_at + len(some), some[-1].number
        if looked_at > most:
            raise InvalidInput(
                f"the crawl has more than {most} entries, too many for one list", hint="Ask for JSON, page by page."
            )
        described = tracks.described_many(entry.track_id for entry in some if entry.track_id)
        for entry in _told(some, tracks):
            if wanted(entry):
                found.append((entry, described.get(entry.track_id) if entry.track_id else None))
    return found


def _told(entries: Sequence[CrawlEntry], tracks: TracksTable) -> Iterator[Told]:
    known = tracks.briefs(entry.track_id for entry in entries if entry.track_id)
    for entry in entries:
        track = known.get(entry.track_id) if entry.track_id else None
        state, reason = _standing(entry, track)
        name = entry.name or (track.info.called if track else entry.track_id) or f"entry {entry.number + 1}"
        yield Told(entry.number, name, entry.track_id, state, reason, entry.detail)


def _standing(entry: CrawlEntry, track: Track | None) -> tuple[EntryState, Reason | None]:
    if entry.reason or entry.track_id is None:
        return Trackless.SKIPPED, entry.reason
    if track is None:
        return Trackless.MISSING, None
    return track.status, Reason.VERSION if track.version_of else track.reason
