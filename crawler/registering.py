"""Registers what a page says of tracks, where that is anything new.

A track that is described as it was last costs one small read, whatever is known of it: it has a digest of that, which
is written after all else that a crawl keeps of a track. What a death cut short is therefore done again (docs/adr/0030).
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, fields

from crawler.awaited import Awaited
from crawler.source import Page
from earshot.ids import TrackId
from earshot.matching import is_own_file
from earshot.messages import CrawlPlaylist, FetchCover
from earshot.reasons import Reason
from earshot.stores.digests import Digests, digest_of
from earshot.stores.message_queue import MessageQueue
from earshot.stores.song_keys import SongKeys
from earshot.stores.tracks_table import Standing, TracksTable
from earshot.track import NO_COVER, Track, TrackInfo


@dataclass(frozen=True, slots=True)
class Registering:
    """What registering works with."""

    tracks: TracksTable
    songs: SongKeys
    digests: Digests
    awaited: Awaited
    fetch_queue: MessageQueue

    def run(self, page: Page, message: CrawlPlaylist, held: Set[TrackInfo]) -> dict[TrackId, Standing]:
        """Register the tracks that are new or described otherwise. May be repeated, and may die at any line.

        Args:
            held: what of the page is the catalogue's own word.

        Returns:
            How those stood that were known.
        """
        edition = self.digests.edition()
        digests = {info: digest_of(info, edition) for info in page.infos()}
        known = self.tracks.standings(info.track_id for info in digests)
        other = [
            info for info, digest in digests.items() if _digest(info, known) != digest and not _is_removed(info, known)
        ]
        if not other:
            return known
        known |= self._renamed(page, other)
        before = self.tracks.described_many(info.track_id for info in other if info.track_id in known)
        same = {i for i in other if i.track_id in before and not _says_more(i, before[i.track_id].info)}
        more = [info for info in other if info not in same]
        self.awaited.meet(message, more)  # a repeat would not know any more that they are new
        self.songs.note(more, unless_known=[*same])
        for info in other:
            if info not in same or (info not in held and _is_due(info, _digest(info, known), edition)):
                self.tracks.register(info, digest=digests[info])
        self.fetch_queue.send_all(_covers_of(more, before))
        self.awaited.meet(message, more)  # for lists that are read at the same time
        return known

    def _renamed(self, page: Page, infos: Sequence[TrackInfo]) -> dict[TrackId, Standing]:
        """Give those of the tracks their new ids that still have a former one; how they stand then."""
        tracks = {info.track_id for info in infos}
        former = {e.former_id: e.info for e in page.entries if e.info and e.former_id and e.info.track_id in tracks}
        there = self.tracks.standings(former)
        for track_id in there:
            self.tracks.rename(track_id, former[track_id])
        return self.tracks.standings(former[track_id].track_id for track_id in there)


def _digest(info: TrackInfo, known: Mapping[TrackId, Standing]) -> str | None:
    return known[info.track_id].digest if info.track_id in known else None


def _is_removed(info: TrackInfo, known: Mapping[TrackId, Standing]) -> bool:
    """Whether somebody removed the track: it stays away, whoever lists it."""
    return info.track_id in known and known[info.track_id].reason is Reason.REMOVED


def _is_due(info: TrackInfo, digest: str | None, edition: str) -> bool:
    """Whether a track that is described by less than is known gets the digest of that.

    A service says more of a track here and less there: crawls would take turns. An own file has one description.
    """
    return is_own_file(info) or digest is None or not digest.startswith(edition)


def _says_more(info: TrackInfo, known: TrackInfo) -> bool:
    """Whether `info` knows something that `known` does not know, or knows otherwise."""
    return any((value := getattr(info, name)) and value != getattr(known, name) for name in _FIELDS)


_FIELDS = tuple(field.name for field in fields(TrackInfo))


def _covers_of(said: Iterable[TrackInfo], before: Mapping[TrackId, Track]) -> list[FetchCover]:
    """What asks for the covers that are others than before; one that several tracks have is asked for once."""
    tracks: dict[tuple[str, str], list[TrackId]] = {}
    for info in said:
        cover_id = before[info.track_id].info.cover_id if info.track_id in before else None
        if info.cover_id and info.cover_id != (cover_id or NO_COVER):
            tracks.setdefault((info.source, info.cover_id), []).append(info.track_id)
    return [FetchCover(cover_id, tuple(ids)) for (_, cover_id), ids in tracks.items()]
