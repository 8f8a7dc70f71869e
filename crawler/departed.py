"""Tracks that have left a playlist, for crawls that are asked to remove them: only what is proven to be held by nobody.

What a playlist holds is what the last crawl that read all of it has found, and whatever crawls since have found. These
crawls count, and are never forgotten; the others are, after a while.
"""

from collections.abc import Iterable
from datetime import timedelta

from earshot.clock import Timestamp, iso, now
from earshot.crawls import CrawlSummary
from earshot.errors import InvalidPlaylist
from earshot.ids import CrawlId, TrackId
from earshot.playlists import PlaylistRef, parse_playlist
from earshot.reasons import Reason
from earshot.stores.crawls_table import CrawlsTable

_HIDING = frozenset({Reason.UNREADABLE_FILE, Reason.BAD_ROW})
"""Reasons of entries behind which any track may be, or a folder full of them."""
_ONCE_KEPT = timedelta(days=90)
"""How long older versions kept a crawl, whether it counted or not."""


def departed(crawls: CrawlsTable, crawl_id: CrawlId, ref: PlaylistRef) -> set[TrackId]:
    """Ids that earlier crawls of the playlist `ref` held, and that no crawl that counts does.

    `crawl_id` has read all of it. Nothing has departed where something could not be read, and where nothing is left:
    such a playlist has rather been lost (a disk that is not mounted) than emptied. A crawl of the same playlist that
    had not ended when this one began may have seen what this one missed.
    """
    entries = list(crawls.entries(crawl_id))
    found = {entry.track_id for entry in entries if entry.track_id}
    if not found or any(entry.reason in _HIDING for entry in entries):
        return set()
    started = crawls.summary(crawl_id).started
    summaries = [summary for summary in crawls.list(None) if summary.crawl_id != crawl_id]
    earlier = [s for s in summaries if _playlist(s) == ref and s.finished and s.finished < started]
    left = {track_id for summary in earlier for track_id in _held(crawls, summary)} - found
    counting = _ids(summaries) - _ids(earlier) - _ids(superseded(summaries))
    for summary in summaries:
        if not left:
            break
        if summary.crawl_id in counting:
            left -= _held(crawls, summary)
    return left


def superseded(summaries: Iterable[CrawlSummary]) -> list[CrawlSummary]:
    """Crawls that had ended when one of the same playlist began that has read all of it."""
    summaries = list(summaries)
    read: dict[PlaylistRef | str, Timestamp] = {}
    for summary in summaries:
        if summary.finished and not summary.error:
            playlist = _playlist(summary)
            read[playlist] = max(read.get(playlist, summary.started), summary.started)
    return [s for s in summaries if s.finished and s.finished < read.get(_playlist(s), "")]


def remember(crawls: CrawlsTable) -> None:
    """Let go of the crawls that are superseded, and of no other. May be repeated, and may die at any line."""
    summaries = crawls.list(None)
    past = _ids(superseded(summaries))
    for summary in summaries:
        if summary.crawl_id in past and not summary.expires:
            crawls.expire(summary)
        elif summary.crawl_id not in past and summary.expires:
            crawls.keep(summary)
    oldest = min((summary.started for summary in summaries), default=iso(now()))
    crawls.note_whole_since(max(oldest, iso(now() - _ONCE_KEPT)))


def _held(crawls: CrawlsTable, summary: CrawlSummary) -> set[TrackId]:
    return {entry.track_id for entry in crawls.entries(summary.crawl_id) if entry.track_id}


def _ids(summaries: Iterable[CrawlSummary]) -> set[CrawlId]:
    return {summary.crawl_id for summary in summaries}


def _playlist(summary: CrawlSummary) -> PlaylistRef | str:
    """Which playlist it reads, whatever it was called; a text that names none any more stands for itself."""
    try:
        return parse_playlist(summary.playlist)
    except InvalidPlaylist:
        return summary.playlist
