"""What a file says of its music: ID3, RIFF INFO, Vorbis comments, APEv2, MP4 and ASF, read as one.

Taggers agree on these names: picard-docs, appendix "Tag mapping". A field that a file has in several forms is taken
from the first that says something.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import mutagen
from mutagen import apev2, id3

from crawler.file.embedded_pictures import front_cover
from crawler.file.embedded_sheets import sheet_in
from crawler.file.mojibake import as_it_was_meant
from earshot.containers.chunks import info_of_riff
from earshot.covers import cover_of
from earshot.fields import isrc

_MAX_TEXT = 300
_MAX_VALUES = 20
_MAX_GENRES = 8


@dataclass(frozen=True, slots=True)
class Tags:
    """What a file says of itself; empty where it has no tags, or none that can be read."""

    title: str = ""
    artists: tuple[str, ...] = ()
    album: str = ""
    album_artist: str = ""
    genres: tuple[str, ...] = ()
    year: int | None = None
    track_number: int | None = None
    disc_number: int | None = None
    isrc: str | None = None
    mbid: str | None = None
    length_s: float | None = None
    picture: str | None = None
    """The name that the picture in the file has as a cover."""
    sheet: str = ""
    """The cue sheet in the file, as text."""


Texts = Mapping[str, list[str]]
"""Values by the name that a kind of tag has for them, in lower case."""

_NAMES: Mapping[str, tuple[str, ...]] = {
    "title": ("tit2", "title", "\xa9nam", "inam"),
    "artists": ("tpe1", "artist", "\xa9art", "author", "iart"),
    "album": ("talb", "album", "\xa9alb", "wm/albumtitle", "iprd"),
    "album_artist": ("tpe2", "albumartist", "album artist", "aart", "wm/albumartist", "iaar"),
    "genres": ("tcon", "genre", "\xa9gen", "wm/genre", "ignr"),
    "original": ("tdor", "tory", "txxx:originalyear", "txxx:originaldate", "originaldate", "originalyear",
                 "----:com.apple.itunes:originaldate", "----:com.apple.itunes:originalyear",
                 "wm/originalreleasetime", "wm/originalreleaseyear"),
    "year": ("tdrc", "tyer", "tdrl", "date", "year", "\xa9day", "wm/year", "icrd"),
    "track_number": ("trck", "tracknumber", "track", "trkn", "wm/tracknumber", "itrk", "iprt", "wm/track"),
    "disc_number": ("tpos", "discnumber", "disc", "disk", "wm/partofset"),
    "isrc": ("tsrc", "isrc", "----:com.apple.itunes:isrc", "wm/isrc", "isrc"),
    "mbid": ("ufid:http://musicbrainz.org", "musicbrainz_trackid", "txxx:musicbrainz recording id",
             "txxx:musicbrainz track id", "txxx:musicbrainz_trackid", "musicbrainz_recordingid",
             "----:com.apple.itunes:musicbrainz track id", "musicbrainz/track id"),
}  # fmt: skip


def read_tags(file: BinaryIO) -> Tags:
    """What the file says, whatever its bytes are: a track needs no tags; whether it is sound, decoding will tell.

    Raises:
        OSError: it cannot be read.
    """
    texts, length, picture, sheet = _all_texts(file)

    def values(field: str) -> list[str]:
        found = (texts[name] for name in _NAMES[field] if any(texts.get(name, ())))
        return list(filter(None, next(found, [])))

    def first(field: str) -> str:
        return next(iter(values(field)), "")

    return Tags(
        title=first("title"),
        artists=tuple(dict.fromkeys(_parts(values("artists"), _ARTISTS_PARTED))),
        album=first("album"),
        album_artist=first("album_artist"),
        genres=_genres(values("genres")),
        year=_year(values("original")) or _year(values("year")),
        track_number=_number(first("track_number")),
        disc_number=_number(first("disc_number")),
        isrc=next(filter(None, map(isrc, values("isrc"))), None),
        mbid=_mbid(values("mbid")),
        length_s=length,
        picture=cover_of(picture) if picture else None,
        sheet=sheet,
    )


def picture_in(file: BinaryIO) -> bytes | None:
    """The picture in the file that may be its cover, as it is there; None: there is none.

    Raises:
        OSError: it cannot be read.
    """
    return _picture(file, _read(mutagen.File, file))


# --- What texts mean ------------------------------------------------------------------------------------------------

_ARTISTS_PARTED = re.compile(r"\s*(?:;|\\\\|\x00)\s*")
_GENRES_PARTED = re.compile(r"\s*(?:[;/|]|\\\\|\x00)\s*")
_ONE_GENRE = frozenset({"singer/songwriter", "n/a"})
_NO_GENRE = frozenset({"", "unknown", "unknown genre", "other", "none", "undefined", "n/a", "genre"})
_YEAR = re.compile(r"(?<![0-9])((?:1[89]|20)[0-9]{2})(?:(?:0[0-9]|1[0-2])[0-3][0-9])?(?![0-9])")
_NUMBER = re.compile(r"\s*0*([1-9][0-9]{0,3})(?![0-9])")
_MBID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _parts(values: Iterable[str], parted: re.Pattern[str]) -> Iterator[str]:
    return (part for value in values for part in parted.split(value) if part)


def _genres(values: Iterable[str]) -> tuple[str, ...]:
    """Each once, whatever its case, as it is spelt first; what stands for "not known" is none."""
    parts = (
        part
        for value in values
        for part in ([value] if value.casefold() in _ONE_GENRE else _GENRES_PARTED.split(value))
    )
    genres: dict[str, str] = {}
    for part in parts:
        if part.casefold() not in _NO_GENRE:
            genres.setdefault(part.casefold(), part)
    return tuple(genres.values())[:_MAX_GENRES]


def _year(values: Iterable[str]) -> int | None:
    return next((int(match[1]) for value in values if (match := _YEAR.search(value))), None)


def _number(value: str) -> int | None:
    """Of ``3``, ``03/12`` or ``3 of 12``."""
    match = _NUMBER.match(value)
    return int(match[1]) if match else None


def _mbid(values: Iterable[str]) -> str | None:
    return next((value.lower() for value in values if _MBID.fullmatch(value.lower())), None)


# --- Where texts stand ----------------------------------------------------------------------------------------------


def _all_texts(file: BinaryIO) -> tuple[dict[str, list[str]], float | None, bytes | None, str]:
    """The texts of all tags of the file, the seconds that its header promises, its picture and its cue sheet."""
    texts: dict[str, list[str]] = {}
    tagged = _read(mutagen.File, file)
    length = getattr(getattr(tagged, "info", None), "length", None)
    if tagged is not None and tagged.tags is not None:
        texts |= _texts(tagged.tags)
    else:
        texts |= _texts(_read(id3.ID3, file))
    for name, value in info_of_riff(file):
        texts.setdefault(name, [_clean(as_it_was_meant([value])[0])])
    if not any(texts.get(name) for name in ("tit2", "title", "\xa9nam", "inam")):
        texts = {**_texts(_read(apev2.APEv2, file)), **texts}
    length = length if isinstance(length, int | float) and 0 < length < 1e6 else None
    return texts, length, _picture(file, tagged), sheet_in(tagged)


def _picture(file: BinaryIO, tagged: Any) -> bytes | None:
    """That of the container's own tags, else of the others that may lie around it."""
    return front_cover(tagged) or front_cover(_read(id3.ID3, file)) or front_cover(_read(apev2.APEv2, file))


class _Honest:
    """A file that remembers what its disk refused: mutagen takes that for damaged tags, or for none."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.refused: OSError | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            return self._file.read(size)
        except OSError as error:
            self.refused = error
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _read(reader: Callable[[Any], Any], file: BinaryIO) -> Any:
    """What one of mutagen's readers makes of the file; None where it makes nothing of it.

    Raises:
        OSError: the disk cannot be read, which says nothing about tags.
    """
    file.seek(0)
    honest = _Honest(file)
    try:
        found = reader(honest)
    # Damaged tags make mutagen raise its own errors, KeyError, IndexError, ValueError, struct.error, RecursionError and
    # MemoryError among others; it documents none of them. All mean that there are no tags to be had, and a track needs
    # none: whether it is sound, decoding will tell. What is no fault of the tags is raised below.
    except Exception:  # noqa: BLE001 (mutagen documents none of what damaged tags make it raise)
        found = None
    if honest.refused:
        raise honest.refused
    return found


def _texts(tags: Any) -> dict[str, list[str]]:
    if tags is None:
        return {}
    if isinstance(tags, id3.ID3Tags):
        return _texts_of_id3(tags)
    texts: dict[str, list[str]] = {}
    for name, value in tags.items() if hasattr(tags, "items") else ():
        wanted = name.casefold() if isinstance(name, str) else ""
        if wanted in _ALL_NAMES:
            texts.setdefault(wanted, []).extend(_clean(text) for text in _values(value)[:_MAX_VALUES])
    return texts


_ALL_NAMES = frozenset(name for names in _NAMES.values() for name in names)


def _values(value: Any) -> list[str]:
    """Of Vorbis comments, MP4, APEv2 and ASF: lists of texts, of pairs, of bytes, or of objects that are texts."""
    values = value if isinstance(value, list | tuple | apev2.APETextValue) else [value]
    found = []
    for each in values:
        if isinstance(each, tuple):
            each = each[0] if each else ""  # noqa: PLW2901 (a number and of how many)
        if isinstance(each, bytes):
            each = each.decode("utf-8", "replace")  # noqa: PLW2901
        found.append(str(each))
    return found


def _texts_of_id3(tags: Any) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    latin: dict[str, list[str]] = {}
    frames: Mapping[str, Any] = tags
    for key, frame in frames.items():
        name = key.casefold()
        if name not in _ALL_NAMES:
            continue
        if key.startswith("UFID"):
            texts[name] = [frame.data.decode("ascii", "replace")]
        elif hasattr(frame, "text"):
            values = frame.genres if isinstance(frame, id3.TCON) else [str(text) for text in frame.text]
            (latin if frame.encoding == id3.Encoding.LATIN1 else texts)[name] = values[:_MAX_VALUES]
    raw = [value.encode("latin-1", "replace") for values in latin.values() for value in values]
    meant = iter(as_it_was_meant(raw))
    texts |= {name: [next(meant) for _ in values] for name, values in latin.items()}
    return {name: [_clean(value) for value in values] for name, values in texts.items()}


def _clean(text: str) -> str:
    printable = text.encode("utf-8", "replace").decode().strip().strip("\0").strip()
    return printable[:_MAX_TEXT]
