"""The catalogue as players browse it: artists, their albums, the songs in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from api.answers.search import search
from api.http.artwork import artwork_of
from api.http.subsonic import album_id, artist_id, artist_name, child
from earshot.index.rows import IndexedTrack
from earshot.index.searcher import Searcher

MOST = 5_000
"""Songs that are sorted into albums; of a larger catalogue the first by title. Searching finds all."""

Shown = dict[str, object]


@dataclass(frozen=True, slots=True)
class Album:
    """Songs of one album, in its order."""

    id: str
    name: str
    artist: str
    artist_id: str
    tracks: tuple[IndexedTrack, ...]

    def shown(self) -> Shown:
        """As players list it."""
        years = [track.year for track in self.tracks if track.year]
        described: Shown = {
            "id": self.id,
            "parent": self.artist_id,
            "isDir": True,
            "name": self.name,
            "title": self.name,
            "album": self.name,
            "artist": self.artist,
            "artistId": self.artist_id,
            "songCount": len(self.tracks),
            "duration": sum((track.duration_ms or 0) for track in self.tracks) // 1000,
            "created": "1970-01-01T00:00:00Z",
        }
        covers = [track.track_id for track in self.tracks if artwork_of(track)]
        return described | ({"year": min(years)} if years else {}) | ({"coverArt": covers[0]} if covers else {})

    def with_songs(self) -> Shown:
        """As players open it."""
        return {**self.shown(), "song": [child(track) for track in self.tracks]}


@dataclass(frozen=True, slots=True)
class Library:
    """Songs by title; albums by artist and name, by id."""

    tracks: tuple[IndexedTrack, ...]
    albums: Mapping[str, Album]

    def artists(self) -> list[Shown]:
        """As players list them."""
        found: dict[str, Shown] = {}
        for album in self.albums.values():
            artist = found.setdefault(album.artist_id, {"id": album.artist_id, "name": album.artist, "albumCount": 0})
            artist["albumCount"] = int(str(artist["albumCount"])) + 1
        return list(found.values())

    def albums_of(self, artist: str) -> Sequence[Album]:
        """Those of the artist with this id."""
        return [album for album in self.albums.values() if album.artist_id == artist]


def library_of(searcher: Searcher) -> Library:
    """The library in an index version; sorted once per version."""
    if searcher not in _sorted:
        _sorted.clear()
        _sorted[searcher] = _library(searcher)
    return _sorted[searcher]


_sorted: WeakKeyDictionary[Searcher, Library] = WeakKeyDictionary()


def _library(searcher: Searcher) -> Library:
    _, found = search(searcher, text="", limit=MOST, offset=0)
    tracks = tuple(one.track for one in found)
    by_album: dict[str, list[IndexedTrack]] = {}
    for track in tracks:
        by_album.setdefault(album_id(track), []).append(track)
    albums = [_album(key, songs) for key, songs in by_album.items()]
    albums.sort(key=lambda album: (album.artist.casefold(), album.name.casefold(), album.id))
    return Library(tracks, {album.id: album for album in albums})


def _album(key: str, songs: list[IndexedTrack]) -> Album:
    songs.sort(key=lambda track: (track.disc_number or 0, track.track_number or 0, track.title.casefold()))
    first = songs[0]
    return Album(key, first.album or "[Unknown Album]", artist_name(first), artist_id(first), tuple(songs))
