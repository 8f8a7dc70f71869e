"""Artist, album and title by the path of a file that does not say them itself.

Habits, in the order in which they are looked for: ``Artist/Album/01 - Title``, ``Artist - Album - 01 - Title``,
``Artist - Title``, ``Title``; discs have folders of their own; some folders name no artist. A number in front is the
track's only where something parts it from the title: "01 - One", "03. Three", "02 Two", and not "7 Years" or "99
Problems". Measured on the table in tests/unit/crawler/test_names.py.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

_PARTED = re.compile(r"\s+[-–—]+\s+|\s*[–—]\s*|\s+[-]|[-]\s+(?=\S)")
_NUMBER = re.compile(
    r"(?P<disc>[0-9]{1,2})[-.](?P<track>[0-9]{2,3})(?:\s*[-–—.):]\s*|\s+|_+)(?P<rest>\S.*)"  # 1-02 Title, 2.03 - Title
    r"|(?P<alone>[0-9]{1,3})\s*(?:[.):]\s*|[-–—]\s*)(?P<after>\S.*)"  # 03. Title, 03 - Title
    r"|(?P<padded>0[0-9]{1,2})[\s_]+(?P<last>\S.*)"  # 02 Title
)
_SIDE = re.compile(r"(?P<side>[A-D])(?P<alone>[0-9]{1,2})(?:\s*[-–—.]\s*|\s+)(?P<rest>\S.*)")
_DISC = re.compile(
    r"(?:cd|disc|disk|dvd|vinyl|lp|side|volume|vol\.?)[\s._-]*(?P<number>[0-9]{1,2}|[a-d]|one|two|three)\b.*", re.I
)
_YEAR_ASIDE = re.compile(r"\s*[(\[](?:19|20)[0-9]{2}[^)\]]*[)\]]|^(?:19|20)[0-9]{2}\s*[-–—.]\s*")
_NO_ARTIST = frozenset(
    """
    various, various artists, va, v.a., v/a, compilation, compilations, soundtrack, soundtracks, ost, unknown,
    unknown artist, singles, mixes, downloads, download, music, my music, musik, musique, música, musica, audio, songs,
    tracks, mp3, mp3s, flac, flacs, m4a, ogg, opus, wav, lossless, lossy, incoming, new, new folder, inbox, unsorted,
    misc, other, others, albums, artists, library, media, itunes, itunes media, itunes music, spotify, deezer, youtube,
    soundcloud, bandcamp, desktop, documents, temp, tmp, torrents, complete, playlist, playlists, favorites, favourites,
    collection, backup, share, shared, nas, home, mnt, users, public, untagged
    """.replace("\n    ", " ")
    .strip()
    .split(", ")
)
"""Folders that name no artist."""
_BITS_ASIDE = re.compile(
    r"\s*[\[(](?:flac|mp3|web|cd|vinyl|[0-9]{3} ?kbps|320|v0|24.?bit[^\])]*|official (?:audio|video|music video))[\])]",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Named:
    """What a path says; empty and None where it says nothing."""

    title: str
    artist: str = ""
    album: str = ""
    track_number: int | None = None
    disc_number: int | None = None


def is_disc(folder: str) -> bool:
    """Whether a folder of this name is one of several discs of an album: ``CD1``, ``Disc 2``."""
    return _DISC.fullmatch(folder) is not None


def named(relative: PurePath) -> Named:
    """What the path of a file says, from the folder on that is crawled."""
    stem = _spaced(relative.stem)
    folders = [_spaced(part) for part in relative.parts[:-1]]
    disc = None
    if folders and (match := _DISC.fullmatch(folders[-1])):
        disc = int(match["number"]) if match["number"].isdigit() else None
        folders.pop()
    artist, album = _of_folders(folders)
    text, of_name, track = _numbered(stem)
    parts = _split(text)
    if track is None and len(parts) > 2:
        parts, track = _without_number(parts)
    if len(parts) > 2 and parts[0].casefold() == (artist or parts[0]).casefold():
        artist, album, parts = parts[0], album or parts[1], [parts[0], parts[-1]]
    if len(parts) > 1 and (not artist or artist.casefold() == parts[0].casefold() or not _is_of_album(track, album)):
        artist, title = parts[0], " - ".join(parts[1:])
    else:
        title = " - ".join(parts)
    return Named(_BITS_ASIDE.sub("", title).strip() or title, artist, album, track, of_name or disc)


def _spaced(name: str) -> str:
    """Printable, with spaces where underscores stand for them."""
    text = name.encode("utf-8", "replace").decode()
    return " ".join((text.replace("_", " ") if " " not in text else text).split())


def _of_folders(folders: Sequence[str]) -> tuple[str, str]:
    """Artist and album: the folder that holds the file is an album where another lies above it."""
    if len(folders) > 1:
        artist, album = folders[-2], _YEAR_ASIDE.sub("", folders[-1]).strip() or folders[-1]
        if " - " in album and album.partition(" - ")[0].casefold() == artist.casefold():
            album = album.partition(" - ")[2]
    elif folders:
        artist, album = folders[0], ""
        if len(parts := _split(artist)) == 2 and not parts[0].isdigit():
            artist, album = parts[0], _YEAR_ASIDE.sub("", parts[1]).strip() or parts[1]
    else:
        return "", ""
    if album.casefold() in _NO_ARTIST:
        album = ""
    return ("" if artist.casefold() in _NO_ARTIST else artist), album


def _numbered(stem: str) -> tuple[str, int | None, int | None]:
    """The name without the track's number, disc and number."""
    if match := _NUMBER.fullmatch(stem):
        rest = match["rest"] or match["after"] or match["last"]
        number = match["track"] or match["alone"] or match["padded"]
        return rest, int(match["disc"]) if match["disc"] else None, int(number) or None
    if match := _SIDE.fullmatch(stem):
        return match["rest"], None, int(match["alone"]) or None
    return stem, None, None


def _split(text: str) -> list[str]:
    return [part.strip() for part in _PARTED.split(text) if part.strip()] or [text]


def _without_number(parts: list[str]) -> tuple[list[str], int | None]:
    """``Artist - Album - 07 - Title``."""
    for place, part in enumerate(parts[1:-1], 1):
        if part.isdigit() and len(part) <= 3:
            return [*parts[:place], *parts[place + 1 :]], int(part) or None
    return parts, None


def _is_of_album(track: int | None, album: str) -> bool:
    """Whether a name in two parts is rather a title: a numbered one of an artist's album, as "05 - Intro - Reprise"."""
    return track is not None and bool(album)
