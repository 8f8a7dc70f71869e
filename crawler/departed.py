"""Tracks that have left a playlist, for crawls that are asked to remove them."""

from earshot.errors import InvalidPlaylist
from earshot.ids import CrawlId, TrackId
from earshot.playlists import PlaylistRef, parse_playlist
from earshot.stores.crawls_table import CrawlsTable


def departed(crawls: CrawlsTable, crawl_id: CrawlId, ref: PlaylistRef) -> set[TrackId]:
    """Ids that earlier crawls of the playlist `ref` held, and that `crawl_id`, which has read all of it, does not.

    Left out is what another playlist holds, by its newest complete crawl and those since. A playlist in which nothing
    is left has rather been lost (a disk that is not mounted) than emptied: nothing has departed.
    """
    kept = _held(crawls, crawl_id)
    if not kept:
        return set()
    started = crawls.summary(crawl_id).started
    earlier: set[TrackId] = set()
    read: set[PlaylistRef | None] = set()
    for summary in crawls.list(None):
        other = _ref(summary.playlist)
        if other == ref and summary.started < started:
            earlier |= _held(crawls, summary.crawl_id)
        elif other not in read:
            kept |= _held(crawls, summary.crawl_id)
            if summary.finished and not summary.error:
                read.add(other)
    return earlier - kept


def _held(crawls: CrawlsTable, crawl_id: CrawlId) -> set[TrackId]:
    return {entry.track_id for entry in crawls.entries(crawl_id) if entry.track_id}


def _ref(playlist: str) -> PlaylistRef | None:
    try:
        return parse_playlist(playlist)
    except InvalidPlaylist:
        return None
