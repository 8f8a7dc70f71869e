"""Finds in the catalogue what a list only names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from earshot.ids import TrackId
from earshot.recordings import is_called, the_one
from earshot.sources import SOURCES
from earshot.stores.song_keys import SongKeys
from earshot.stores.tracks_table import TracksTable
from earshot.track import Status, Track, TrackInfo

_MOST_CALLED = 20
"""So many candidates are looked at for who looks up a name: each is a read, and anybody may ask."""


@dataclass(frozen=True, slots=True)
class Matching:
    """What finding works with. It costs what the list holds, whatever the catalogue does."""

    tracks: TracksTable
    songs: SongKeys

    def find(self, wanted: Sequence[tuple[TrackInfo, TrackId | None]]) -> list[TrackInfo | None]:
        """What the catalogue holds of each recording, None where it has none: the track that the list calls by its id,
        else, by `earshot.recordings`, the one with the same code, or artist, title and length.

        A person's own files come first, then what has been heard. What was given up is no match, unless it is a file:
        there is nothing better to be had of that. A file that the list itself leads to is that file, as the catalogue
        describes it.

        Args:
            wanted: what the list says of each, and the id that it gives, if any.
        """
        named = (info.track_id if is_own_file(info) else listed for info, listed in wanted)
        known = self.tracks.find_many(filter(None, named))
        matches = [_by_id(info, listed, known) for info, listed in wanted]
        candidates = [
            [] if match or is_own_file(info) else [info.track_id, *self.songs.find(info)]
            for match, (info, _) in zip(matches, wanted, strict=True)
        ]
        known |= self.tracks.find_many(track_id for ids in candidates for track_id in ids if track_id not in known)
        return [
            match or _by_names(info, ids, known)
            for match, (info, _), ids in zip(matches, wanted, candidates, strict=True)
        ]

    def called(self, title: str, artist: str) -> list[Track]:
        """The tracks of this very title and artist that crawls have found, of twenty that may be: own files first, then
        what was heard."""
        wanted = TrackInfo(TrackId(""), "manifest", title=title, artists=(artist,))
        candidates = self.tracks.get_many(self.songs.find(wanted)[:_MOST_CALLED]).values()
        found = [track for track in candidates if is_called(wanted, track.info)]
        return sorted(found, key=lambda t: (not is_own_file(t.info), t.status is not Status.READY, t.track_id))


def _by_id(info: TrackInfo, listed: TrackId | None, known: Mapping[TrackId, Track]) -> TrackInfo | None:
    """What needs no look at names, which cost a query or three."""
    if is_own_file(info):
        return known[info.track_id].info if info.track_id in known else None
    track = known.get(listed) if listed else None
    return track.info if track and _is_to_be_had(track) else None


def _by_names(info: TrackInfo, candidates: Sequence[TrackId], known: Mapping[TrackId, Track]) -> TrackInfo | None:
    found = [track for track_id in dict.fromkeys(candidates) if (track := known.get(track_id)) and _is_to_be_had(track)]
    found.sort(key=lambda track: (not is_own_file(track.info), track.status is not Status.READY))
    same_id = [track.info for track in found if track.info.mbid and track.info.mbid == info.mbid]
    match = same_id[0] if same_id else the_one(info, [track.info for track in found if track.track_id != info.track_id])
    return match or next((track.info for track in found if track.track_id == info.track_id), None)


def _is_to_be_had(track: Track) -> bool:
    return track.status in (Status.READY, Status.PENDING) or is_own_file(track.info)


def is_own_file(info: TrackInfo) -> bool:
    """Whether the track is a file of somebody's own: on a disk, or in a media server."""
    return SOURCES[info.source].is_own and info.source != "manifest"
