"""Reads a playlist page by page: tracks are registered, entries recorded, previews asked for."""

import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

from crawler.awaited import Awaited
from crawler.departed import HIDING, departed, place_of_ref, remember
from crawler.giving_up import give_up_crawl
from crawler.registering import Registering
from crawler.source import Connected, ListedEntry, Page, PlaylistEntry, ReadPage
from crawler.waiting import defer, early_by_s, later
from earshot.admission import source_is_off
from earshot.crawls import CrawlEntry, Withheld
from earshot.errors import (
    CrawlCancelled,
    EarshotError,
    NotFound,
    ProviderRefused,
    ProviderThrottled,
    ProviderUnavailable,
)
from earshot.ids import TrackId
from earshot.matching import Matching, is_own_file
from earshot.messages import CrawlPlaylist, FetchPreview
from earshot.playlists import PlaylistRef, parse_playlist
from earshot.reasons import Reason
from earshot.sources import SOURCES, Can
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.message_queue import MessageQueue
from earshot.stores.playlists import Playlists, playlist_id_of
from earshot.stores.tracks_table import Standing, TracksTable
from earshot.track import Status, TrackInfo

_MESSAGE_S = 60.0
"""Longest time after which another page is begun; the function has 300 seconds, and large files are slow to read."""
_NAMED = 20
"""So many of what a crawl did not remove are named."""
_SHOWN = 8
"""So many of its first tracks stand for a playlist: some share a cover, others have none."""
_LONGEST_NAME, _LONGEST_DETAIL = 500, 200


@dataclass(frozen=True, slots=True)
class Crawl:
    """What a crawl works with. `sources` by name; one that is missing is switched off."""

    sources: Mapping[str, Connected]
    tracks: TracksTable
    crawls: CrawlsTable
    playlists: Playlists
    registering: Registering
    matching: Matching
    awaited: Awaited
    crawl_queue: MessageQueue
    fetch_queue: MessageQueue
    stage: str
    model: str
    pages_per_message: int

    def run(self, message: CrawlPlaylist) -> None:
        """Read the next pages of the playlist and hand the rest on to a new message.

        May be repeated, and may die at any line: what a page asks for is written before its message is done. What
        the provider cannot do now is handed back to the queue from the page reached; what it never will ends the
        crawl with that error.
        """
        if early := early_by_s(message):
            self.crawl_queue.send(message, delay_s=early)
            return
        if self.crawls.is_step_finished(message.crawl_id, message.cursor):
            return
        self.crawls.start(message)
        cursor = message.cursor
        began = time.monotonic()
        try:
            ref = parse_playlist(message.playlist)
            read_page = self._reader(ref)
            if cursor is None:
                self._note_playlist(ref, message)
            for _ in range(self.pages_per_message):
                self._go_on(message)
                page, held = self._in_catalogue(read_page(ref, cursor), message)
                self._take(page, message, held)
                if cursor is None:
                    self._note_first(page, message)
                cursor = page.next_cursor
                if cursor is None or time.monotonic() - began > _MESSAGE_S:
                    break
        except (ProviderThrottled, ProviderUnavailable) as error:
            self._wait(replace(message, cursor=cursor, not_before=None), error)
            return
        except EarshotError as error:
            self.awaited.crawl_again(message)  # for what came before
            self.crawls.finish(message.crawl_id, error)
            self.crawls.finish_step(message.crawl_id, message.cursor)  # a second delivery reads nothing more
            return
        if cursor is None:
            if message.remove_missing and not self.crawls.summary(message.crawl_id).cancelled:
                self._remove_departed(message)
            self.awaited.crawl_again(message)
            self.crawls.finish(message.crawl_id)
            remember(self.crawls)
        else:
            following = replace(message, cursor=cursor, not_before=None, attempt=0)
            self.crawls.hand_on(following)
            self.crawl_queue.send(following)
        self.crawls.finish_step(message.crawl_id, message.cursor)

    def give_up(self, message: CrawlPlaylist, error: Exception) -> None:
        """Its message failed too often."""
        self.awaited.crawl_again(message)
        give_up_crawl(self.crawls, message, type(error).__name__)

    def _go_on(self, message: CrawlPlaylist) -> None:
        """Nothing, unless somebody has cancelled the crawl.

        Raises:
            CrawlCancelled
        """
        if self.crawls.summary(message.crawl_id).cancelled:
            raise CrawlCancelled("the crawl was cancelled before it had read everything")

    def _note_playlist(self, ref: PlaylistRef, message: CrawlPlaylist) -> None:
        """Note what is read, by which people know it again, and what it is called there."""
        self.crawls.note_place(message.crawl_id, self._place(ref))
        title_of = self.sources[ref.source].title
        try:
            title = title_of(ref) if title_of else ""
        except (NotFound, ProviderRefused):
            title = ""  # reading it says more of that
        summary = self.crawls.summary(message.crawl_id)
        if not summary.forgotten:
            self.playlists.note_crawl(summary, _cut(title, _LONGEST_DETAIL))

    def _note_first(self, page: Page, message: CrawlPlaylist) -> None:
        first = list(dict.fromkeys(entry.info.track_id for entry in page.entries if entry.info))[:_SHOWN]
        self.playlists.note_first(playlist_id_of(self.crawls.summary(message.crawl_id).place), first)

    def _wait(self, message: CrawlPlaylist, error: ProviderThrottled | ProviderUnavailable) -> None:
        wait = later(error)
        self.crawls.hand_on(message, due_in_s=wait.seconds or 0.0)
        until = defer(message, self.crawl_queue, wait)
        if until is None:
            self.awaited.crawl_again(message)
            self.crawls.finish(message.crawl_id, error)
        else:
            self.crawls.wait_until(message.crawl_id, until)

    def _remove_departed(self, message: CrawlPlaylist) -> None:
        """Delete what has left the playlist, or say why not: where there is doubt, no more goes than was agreed to.

        What is still on its way stays: its messages would bring it back. So does what is older than the memory of
        crawls: one that is forgotten may hold it.
        """
        since = self.crawls.whole_since()
        if since is None:
            return
        left = departed(self.crawls, message.crawl_id)
        tracks = self.tracks.get_many(left.names).values()
        settled = [t for t in tracks if t.status is not Status.PENDING and (t.created_at or "") >= since]
        if settled and left.doubt and not (left.may_be_agreed and len(settled) <= message.agreed):
            names = sorted(_cut(left.names[t.track_id] or t.info.called, _LONGEST_NAME) for t in settled)
            withheld = Withheld(len(settled), left.doubt, tuple(names[:_NAMED]), left.may_be_agreed)
            self.crawls.note_withheld(message.crawl_id, withheld)
            return
        self.crawls.note_removed(message.crawl_id, len(settled))
        for track in settled:
            self.tracks.delete(track.track_id)

    def _reader(self, ref: PlaylistRef) -> ReadPage:
        source = self.sources.get(ref.source)
        if source is None or source.read_page is None:
            raise source_is_off(ref, self.stage, list(self.sources))
        return source.read_page

    def _place(self, ref: PlaylistRef) -> str:
        of_source = self.sources[ref.source].place
        return of_source(ref) if of_source else place_of_ref(ref)

    def _in_catalogue(self, page: Page, message: CrawlPlaylist) -> tuple[Page, Set[TrackInfo]]:
        """The page, with what it only names replaced by what the catalogue holds of it, and that alone.

        What no own file is, waits.
        """
        naming = [entry for entry in page.entries if _only_names(entry)]
        found = self._matches(naming)
        missing = [e for e in naming if not ((held := found.get(e.number) or e.info) and is_own_file(held))]
        found |= self._matches(self.awaited.note(message.playlist, missing))
        settled = tuple(_settled(entry, found.get(entry.number)) for entry in page.entries)
        return replace(page, entries=settled), frozenset(found.values())

    def _matches(self, entries: Sequence[PlaylistEntry]) -> dict[int, TrackInfo]:
        """What the catalogue holds of entries, by their numbers. A service knows its tracks: only files go before."""
        wanted = [(e.number, e.info, e.listed_id if isinstance(e, ListedEntry) else None) for e in entries if e.info]
        matches = self.matching.find([(info, listed_id) for _, info, listed_id in wanted])
        found = {number: match for (number, _, _), match in zip(wanted, matches, strict=True) if match}
        from_lists = {entry.number for entry in entries if isinstance(entry, ListedEntry)}
        return {number: match for number, match in found.items() if number in from_lists or is_own_file(match)}

    def _take(self, page: Page, message: CrawlPlaylist, held: Set[TrackInfo]) -> None:
        """Register, reopen, record, queue: in this order, so that a repeat finishes what a death cut short."""
        known = self.registering.run(page, message, held)
        entries = [_recorded(entry) for entry in page.entries]
        if any(entry.reason in HIDING for entry in entries):
            self.crawls.note_partial(message.crawl_id)
        new = self.crawls.new_entries(message.crawl_id, entries)
        read_first = {entry.number for entry in new}
        tried = {info.track_id for e in page.entries if e.number in read_first for info in (e.info, *e.also) if info}
        asked = tried - _given_up_for_good(page, known)
        if message.only_new:  # what was cancelled has never been tried
            asked = {i for i in asked if i in known and known[i].reason is Reason.CANCELLED}
        reopened = self._reopened(known, asked)
        self.crawls.record_entries(message.crawl_id, new)
        wanted = [
            track_id
            for track_id in dict.fromkeys(info.track_id for info in page.infos())
            if track_id not in known or track_id in reopened or self._needs_preview(known[track_id])
        ]
        self.fetch_queue.send_all([FetchPreview(track_id, message.crawl_id) for track_id in wanted])

    def _reopened(self, known: Mapping[TrackId, Standing], track_ids: Set[TrackId]) -> set[TrackId]:
        """Give tracks that an earlier crawl gave up another chance, once per crawl."""
        given_up = {i for i, track in known.items() if track.status in (Status.NO_PREVIEW, Status.FAILED)}
        return {track_id for track_id in given_up & track_ids if self.tracks.reopen(track_id)}

    def _needs_preview(self, track: Standing) -> bool:
        return track.status is Status.PENDING or (track.status is Status.READY and track.model != self.model)


def _only_names(entry: PlaylistEntry) -> bool:
    """Whether the entry says what it is, and its playlist cannot give it."""
    if isinstance(entry, ListedEntry):
        return True
    return entry.info is not None and not entry.info.preview_url and Can.SERVE not in SOURCES[entry.info.source].can


def _settled(entry: PlaylistEntry, match: TrackInfo | None) -> PlaylistEntry:
    if match:
        return replace(entry, info=match, reason=None, also=())
    return replace(entry, info=None) if isinstance(entry, ListedEntry) and entry.reason else entry


def _recorded(entry: PlaylistEntry) -> CrawlEntry:
    track_id = entry.info.track_id if entry.info else None
    name, detail = _cut(entry.name, _LONGEST_NAME), _cut(entry.detail, _LONGEST_DETAIL)
    return CrawlEntry(entry.number, track_id, entry.reason, name, detail)


def _cut(text: str, most: int) -> str:
    """`text` as a table takes it and a page shows it."""
    return text[:most].encode("utf-8", "replace").decode()


def _given_up_for_good(page: Page, known: Mapping[TrackId, Standing]) -> set[TrackId]:
    """Tracks of which neither what is heard nor who hears it has changed since.

    Times tell, not whether this page is the first to see a change: its first delivery may have died of anything.
    """
    since = {entry.info.track_id: entry.heard_since for entry in page.entries if entry.info and entry.heard_since}
    given_up = {i: t for i in since.keys() & known.keys() if (t := known[i]).reason and not _may_do_better(t.reason)}
    return {track_id for track_id, track in given_up.items() if (track.updated_at or "") > since[track_id]}


def _may_do_better(reason: Reason) -> bool:
    """Whether the same audio may be heard the next time. What was cancelled has never been tried."""
    return reason.is_worth_retrying or reason is Reason.CANCELLED
