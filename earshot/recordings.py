"""When two tracks are the same recording. docs/adr/0022 says why it is so; titles and names: `earshot.titles`.

What is known decides, the surest first: an ISRC that title, artist and length do not contradict; the sound, with the
song's name or without; words and length alone. A wrong song is worse than none, so what nothing speaks for is another
recording.
"""

import re
from collections.abc import Sequence
from enum import Enum, auto
from typing import Protocol, TypeVar

from earshot.titles import (
    are_comparable,
    artist_names,
    has_all_words,
    is_anybodys,
    is_edit,
    is_nobody,
    name_and_version,
    names_agree,
    plain,
    plain_title,
    same_artist,
    same_title,
)

SAME_SOUND = 0.9
"""Cosine above which two clips of songs with the same name are taken for one recording. Measured on game music: the
same clip encoded anew 0.993 at least, cut half a second later 0.924 at least; clips of different tracks 0.797 at
most."""
SAME_CLIP = 0.995
"""Cosine above which two clips of the same length are one recording whatever they are called. Measured: copies as
MP3 of 128 and 192 kbit/s 0.9991 at least, of 96 kbit/s 0.984 to 0.999, half of them above; the same sounds played 2 %
faster 0.973; other tracks of one album 0.834."""
_LENGTHS_DIFFER_MS = 3000
_COPY_DIFFERS_MS = 1000
_LONG_NAME = 3


class Described(Protocol):
    """What is known of a track: a `TrackInfo`, or what an index keeps of one."""

    @property
    def title(self) -> str:
        """As its source writes it."""

    @property
    def artists(self) -> tuple[str, ...]:
        """The main one first."""

    @property
    def album(self) -> str:
        """Empty where unknown."""

    @property
    def album_artist(self) -> str:
        """Who made the album, where that is said."""

    @property
    def isrc(self) -> str | None:
        """ISO 3901."""

    @property
    def preview_url(self) -> str | None:
        """Of a file, where it lies."""

    @property
    def path(self) -> str:
        """Of a file at a media server, where it lies there; else empty."""

    @property
    def duration_ms(self) -> int | None:
        """Of the whole track."""


_Track = TypeVar("_Track", bound=Described)


class _Says(Enum):
    """What a comparison says of whether two tracks are one recording."""

    YES = auto()
    NO = auto()
    NOTHING = auto()
    """One side does not know, or both cannot be compared."""


def is_same_recording(one: Described, other: Described, similarity: float | None = None) -> bool:
    """Whether both are one recording. Any of these speaks for it:

    - the same ISRC, unless title, artist or length say otherwise: files carry the codes of their neighbours, and
      catalogues those of other songs;
    - where the cosine `similarity` of their sound is known: the same artist and the same version of the same song,
      whatever the sound (two clips of one song may differ) and the length; of names that many songs have ("Intro",
      "Allegro") the length and the sound too; edits ("Radio Edit") by the sound; a copy, by the sound and the length,
      whatever it is called;
    - where it is not, the same artist and title, no other version, and lengths that agree. A length that either does
      not know proves nothing then: titles alone lie too often.
    """
    length = _length_says(one, other)
    has_one_isrc = one.isrc is not None and one.isrc == other.isrc and length is not _Says.NO
    if has_one_isrc and _isrc_holds(one, other, length):
        return True
    if similarity is not None:
        if _is_copy(one, other, similarity) or _is_same_when_heard(one, other, length, similarity):
            return True
        is_translated = has_one_isrc and similarity >= SAME_SOUND and _artist_says(one, other) is not _Says.NO
        return is_translated and not _are_neighbours(one, other)
    return length is _Says.YES and same_artist(one.artists, other.artists) and same_title(one.title, other.title)


def the_one(wanted: Described, candidates: Sequence[_Track]) -> _Track | None:
    """The candidate that is the recording `wanted`, none where that is not certain.

    A list that gives no length is believed where artist and title fit exactly, and all candidates that they fit are one
    recording: by their lengths, else by the album that the list names.
    """
    same = [found for found in candidates if is_same_recording(wanted, found)]
    if not wanted.title:
        return same[0] if same and all(is_same_recording(same[0], other) for other in same[1:]) else None
    if wanted.duration_ms or not wanted.artists or same:
        return same[0] if same else None
    fitting = [found for found in candidates if is_called(wanted, found)]
    album = plain(wanted.album)
    of_album = [found for found in fitting if album and plain_title(found.album) == plain_title(wanted.album)]
    return _all_one(fitting) or _all_one(of_album)


def is_called(wanted: Described, found: Described) -> bool:
    """Whether title, version and artist of both are the same, however they are spelled."""
    return same_artist(wanted.artists, found.artists) and _is_exact(wanted, found)


def _all_one(candidates: Sequence[_Track]) -> _Track | None:
    """The first one, where all of them are as long."""
    lengths = [found.duration_ms for found in candidates]
    if len(candidates) > 1 and None in lengths:
        return None
    known = [length for length in lengths if length is not None]
    return candidates[0] if candidates and max(known, default=0) - min(known, default=0) < _LENGTHS_DIFFER_MS else None


def _is_exact(one: Described, other: Described) -> bool:
    return name_and_version(one.title) == name_and_version(other.title)


def _gap_ms(one: Described, other: Described) -> int | None:
    return None if one.duration_ms is None or other.duration_ms is None else abs(one.duration_ms - other.duration_ms)


def _length_says(one: Described, other: Described) -> _Says:
    gap_ms = _gap_ms(one, other)
    if gap_ms is None:
        return _Says.NOTHING
    return _Says.YES if gap_ms < _LENGTHS_DIFFER_MS else _Says.NO


def _artist_says(one: Described, other: Described) -> _Says:
    ours, theirs = artist_names(one.artists), artist_names(other.artists)
    if not ours or not theirs:
        return _Says.NOTHING
    if same_artist(one.artists, other.artists):
        return _Says.YES
    return _Says.NO if are_comparable("".join(one.artists), "".join(other.artists)) else _Says.NOTHING


def _isrc_holds(one: Described, other: Described, length: _Says) -> bool:
    """Whether nothing contradicts the ISRC that both have; their lengths do not."""
    if _artist_says(one, other) is _Says.NO:
        return False
    (ours, our_version), (theirs, their_version) = map(name_and_version, (one.title, other.title))
    if not ours or not theirs:
        return True
    if (
        our_version
        and their_version
        and not (has_all_words(our_version, their_version) or has_all_words(their_version, our_version))
    ):
        return False  # two remixes
    if not are_comparable(one.title, other.title):
        return length is _Says.YES  # a title in Japanese, and what it is in Latin letters
    return names_agree(ours, theirs) or (length is _Says.YES and _says_only_more(ours, theirs))


def _says_only_more(ours: str, theirs: str) -> bool:
    """Whether one name is a long one, such as a movement's, and the other that with the composer's or the work's."""
    shorter = min(ours, theirs, key=len)
    longer = theirs if shorter is ours else ours
    return len(shorter.split()) >= _LONG_NAME and has_all_words((shorter,), (longer,))


def _is_copy(one: Described, other: Described, similarity: float) -> bool:
    """Whether they sound the same to the end, and are not two tracks of one album."""
    gap_ms = _gap_ms(one, other)
    if similarity < SAME_CLIP or gap_ms is None or gap_ms >= _COPY_DIFFERS_MS:
        return False
    if _artist_says(one, other) is _Says.NO and plain_title(one.title) == plain_title(other.title):
        return False  # "Intro" of another artist: who copies a song under its own name keeps its artist
    return not _are_neighbours(one, other)


def _are_neighbours(one: Described, other: Described) -> bool:
    """Whether they are two tracks of one album, by their names."""
    if album_of(one) is None or album_of(one) != album_of(other):
        return False
    ours, theirs = (name for name, _ in map(name_and_version, (one.title, other.title)))
    return not (has_all_words((ours,), (theirs,)) or has_all_words((theirs,), (ours,)))


def _is_same_when_heard(one: Described, other: Described, length: _Says, similarity: float) -> bool:
    (ours, our_version), (theirs, their_version) = map(name_and_version, (one.title, other.title))
    artist = _artist_says(one, other)
    if not ours or ours != theirs or artist is _Says.NO:
        return False
    if our_version == their_version:
        if artist is _Says.YES and not is_anybodys(ours):
            return True
        return similarity >= SAME_SOUND and length is not _Says.NO
    return similarity >= SAME_SOUND and all(map(is_edit, (*our_version, *their_version)))


def artists_of(track: Described) -> frozenset[str]:
    """The artists, fit for comparison."""
    return frozenset(filter(None, map(plain, track.artists)))


def performers_of(track: Described) -> frozenset[str]:
    """The artists for counting, however a name is spaced; empty where they are nobody ("Various Artists")."""
    return frozenset(artist_names(track.artists))


def album_of(track: Described) -> tuple[str, str] | None:
    """Who made the album and its name, fit for comparison; None where the album is unknown.

    A compilation is made by its album artist, and all that are by nobody in particular by the same one. Without one,
    files of an album lie in one folder, whoever plays.
    """
    album = plain(track.album)
    if not album:
        return None
    maker = plain(track.album_artist) or _folder_of(track) or (plain(track.artists[0]) if track.artists else "")
    return "" if is_nobody(maker.replace(" ", "")) else maker, album


_DISC_FOLDER = re.compile(r"/(?:cd|disc|disk)(?:%20|[\s._-])*[0-9]{1,2}$", re.IGNORECASE)


def _folder_of(track: Described) -> str:
    """Of a file, here or at a media server, the folder of its album, which may have one for each disc."""
    url = track.preview_url or ""
    file = url if url.startswith("file:") else track.path
    return _DISC_FOLDER.sub("", file.rpartition("/")[0])
