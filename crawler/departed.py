"""Tracks that have left a playlist, for crawls that are asked to remove them: only what is proven to be held by nobody.

What a playlist holds is what the last crawl that read all of it has found, and whatever crawls since have found. These
crawls count, and are never forgotten; the others are, after a while.

What crawls of folders have found lies at a *place*, the URL of a file: a folder within another one is a part of it, and
who has read the one to its end knows what the other one holds there.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import PurePosixPath
from urllib.parse import quote, unquote

from earshot.clock import Timestamp, iso, now
from earshot.crawls import CrawlEntry, CrawlSummary, Doubt
from earshot.errors import InvalidPlaylist
from earshot.ids import CrawlId, TrackId
from earshot.playlists import PlaylistRef, parse_playlist
from earshot.reasons import Reason
from earshot.stores.crawls_table import CrawlsTable

_CLOSED = frozenset({Reason.UNREADABLE_FILE, Reason.FORBIDDEN_FOLDER, Reason.EMPTY_FOLDER})
"""Reasons of entries below which any track may be."""
_ANYWHERE = frozenset({Reason.BAD_ROW, Reason.HIDDEN_ENTRY, Reason.LIST_CHANGED})
"""Reasons of entries behind which any track of the playlist may be."""
HIDING = _CLOSED | _ANYWHERE
_MANY, _LARGE_PART = 20, 0.1
"""So many tracks, and such a part of what the playlist held, are a mass of which people are asked first."""
_A_FOLDER_FULL = 2
_ONCE_KEPT = timedelta(days=90)
"""How long older versions kept a crawl, whether it counted or not."""


@dataclass(frozen=True, slots=True)
class Departed:
    """Tracks that earlier crawls of a playlist held and that no crawl that counts does, with the names they had there.

    `doubt`: why they may not have left all the same. `may_be_agreed`: see `Withheld`.
    """

    names: Mapping[TrackId, str] = field(default_factory=dict)
    doubt: Doubt | None = None
    may_be_agreed: bool = True


def departed(crawls: CrawlsTable, crawl_id: CrawlId) -> Departed:
    """What has left the playlist that the crawl `crawl_id` has read to its end.

    Nothing of it lies where something could not be read. A crawl of the same playlist that had not ended when this one
    began may have seen what this one missed.
    """
    entries = list(crawls.entries(crawl_id))
    found = {entry.track_id for entry in entries if entry.track_id}
    this = crawls.summary(crawl_id)
    place = place_of(this)
    gone: dict[TrackId, str] = {}
    held: set[TrackId] = set()
    summaries = [s for s in crawls.list(None) if s.crawl_id != crawl_id and not s.forgotten]
    past = _ids(_seen_through(summaries))
    for summary in summaries:
        ended = summary.finished is not None and summary.finished < this.started
        overlaps = ended and (_is_in(place_of(summary), place) or _is_in(place, place_of(summary)))
        if not overlaps and summary.crawl_id in past:
            continue
        for entry in crawls.entries(summary.crawl_id):
            if entry.track_id is None or entry.track_id in found:
                continue
            where = _where(summary, entry)
            if overlaps and _is_in(where, place):
                gone.setdefault(entry.track_id, unquote(where.removeprefix(place).lstrip("/")) or entry.name)
            elif summary.crawl_id not in past:
                held.add(entry.track_id)
    closed = [_where(this, entry) for entry in entries if entry.reason in _CLOSED - {Reason.EMPTY_FOLDER}]

    def may_be_there(name: str) -> bool:
        return any(not name or _is_in(f"{place}/{quote(name)}", folder) for folder in closed)

    left = {track_id: name for track_id, name in gone.items() if track_id not in held and not may_be_there(name)}
    return _doubted(left, entries, found)


def _doubted(left: Mapping[TrackId, str], entries: Sequence[CrawlEntry], found: Collection[TrackId]) -> Departed:
    reasons = Counter(entry.reason for entry in entries)
    if _ANYWHERE & reasons.keys():
        return Departed(left, Doubt.UNREAD, may_be_agreed=False)
    empty = [f"{entry.name}/" for entry in entries if entry.reason is Reason.EMPTY_FOLDER]
    if not found or any(not name or name.startswith(folder) for name in left.values() for folder in empty):
        return Departed(left, Doubt.EMPTIED)
    if (_CLOSED - {Reason.EMPTY_FOLDER}) & reasons.keys():
        return Departed(left, Doubt.UNREAD)
    there = {_top(entry.name) or entry.name for entry in entries}
    folders = Counter(folder for name in left.values() if (folder := _top(name)) and folder not in there)
    if any(tracks >= _A_FOLDER_FULL for tracks in folders.values()):
        return Departed(left, Doubt.FOLDER_GONE)
    names = {entry.name for entry in entries if entry.track_id and entry.name}
    files = {name.rpartition("/")[0] for name in names} - {""}  # or folders; parts of a file lie below it
    if any(name in files or name.rpartition("/")[0] in names for name in left.values()):
        return Departed(left, Doubt.PARTED)
    is_mass = len(left) > _MANY and len(left) > _LARGE_PART * (len(found) + len(left))
    return Departed(left, Doubt.MANY if is_mass else None)


def superseded(summaries: Iterable[CrawlSummary]) -> list[CrawlSummary]:
    """Crawls that had ended when one of the same playlist began that has read to its end."""
    summaries = list(summaries)
    read = _last_read(summaries)
    return [s for s in summaries if s.finished and s.finished < read.get(place_of(s), "")]


def _seen_through(summaries: Iterable[CrawlSummary]) -> list[CrawlSummary]:
    """Crawls that had ended when one began that has read all of it, of the same playlist or of a folder around it.

    One that could not read something is no proof that what others have found is there no more.
    """
    summaries = list(summaries)
    read = _last_read(s for s in summaries if not s.partial)
    return [
        s
        for s in summaries
        if s.finished and any(s.finished < started and _is_in(place_of(s), place) for place, started in read.items())
    ]


def remember(crawls: CrawlsTable) -> None:
    """Let go of the crawls that are superseded, and of no other. May be repeated, and may die at any line."""
    summaries = [summary for summary in crawls.list(None) if not summary.forgotten]
    past = _ids(superseded(summaries))
    for summary in summaries:
        if summary.crawl_id in past and not summary.expires:
            crawls.expire(summary)
        elif summary.crawl_id not in past and summary.expires:
            crawls.keep(summary)
    oldest = min((summary.started for summary in summaries), default=iso(now()))
    crawls.note_whole_since(max(oldest, iso(now() - _ONCE_KEPT)))


def _last_read(summaries: Iterable[CrawlSummary]) -> dict[str, Timestamp]:
    """When the last crawl of each place began that has read to its end."""
    read: dict[str, Timestamp] = {}
    for summary in summaries:
        if summary.finished and not summary.error:
            place = place_of(summary)
            read[place] = max(read.get(place, summary.started), summary.started)
    return read


def place_of(summary: CrawlSummary) -> str:
    """What the crawl reads, whatever it was called, as far as that is known."""
    if summary.place:
        return summary.place
    try:
        return place_of_ref(parse_playlist(summary.playlist))
    except InvalidPlaylist:
        return summary.playlist  # a text that names none any more stands for itself


def place_of_ref(ref: PlaylistRef) -> str:
    """The place of a playlist of which nobody knows more than it says."""
    if ref.source == "file":
        return PurePosixPath(ref.id).as_uri()
    return f"{ref.source}:{ref.kind}:{ref.id}"


def _where(summary: CrawlSummary, entry: CrawlEntry) -> str:
    """The place of an entry. Nobody knows of older ones where in their folder they lie: they stand for all of it."""
    place = place_of(summary)
    return f"{place}/{quote(entry.name)}" if entry.name and place.startswith("file:") else place


def _is_in(place: str, other: str) -> bool:
    return place == other or place.startswith(f"{other.rstrip('/')}/")


def _top(name: str) -> str:
    folder, slash, _ = name.partition("/")
    return folder if slash else ""


def _ids(summaries: Iterable[CrawlSummary]) -> set[CrawlId]:
    return {summary.crawl_id for summary in summaries}
