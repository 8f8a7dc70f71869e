"""A person's files, and an export of a playlist of which they hold a part."""

import csv
import zlib
from pathlib import Path
from typing import NamedTuple

import mutagen
import numpy as np
import soundfile

from tests.stubs.spotify import spotify_id

_EXPORTIFY = ("Track URI", "Track Name", "Artist Name(s)", "Album Name", "Track Duration (ms)", "ISRC")
_DECOYS = (
    ("Harbour 1", "Ben"),
    ("Harbour 2 (Live)", "Ann 2"),
    ("Harbour 3 - Cy Remix", "Ann 3"),
    ("Harbour 999", "Ann 4"),
)


class Song(NamedTuple):
    """One that is held, as the export calls it."""

    title: str
    artist: str
    album: str


def write_file(path: Path, title: str, artist: str, album: str = "", isrc: str = "") -> Path:
    """A second of sound of its own, tagged."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(zlib.crc32(str(path).encode())).normal(0, 0.1, 8000)
    soundfile.write(path, noise, 8000)
    tagged = mutagen.File(path, easy=True)
    for name, text in (("title", title), ("artist", artist), ("album", album), ("isrc", isrc)):
        if text:
            tagged[name] = text
    tagged.save()
    return path


def write_rows_of_which_some_are_held(folder: Path, exported: Path, *, held: int, unheard: int) -> list[Song]:
    """An Exportify file: first `held` rows of songs whose files are written below `folder` (some tagged otherwise),
    then 4 of songs that are nearly held, and `unheard` of others. The first ones."""
    songs = [Song(f"Harbour {n}", f"Ann {n % 30}", f"Album {n % 12}") for n in range(held)]
    for title, artist, album in songs:
        written = title.upper() if "7" in title else f"{title} (Remastered 2011)" if "3" in title else title
        write_file(folder / artist / album / f"{title}.flac", written, artist, album)
    rows = [
        (spotify_id(n), title, f"{artist}, Guest" if n % 5 == 0 else artist, album)
        for n, (title, artist, album) in enumerate(songs)
    ]
    rows += [(spotify_id(1000 + n), *_DECOYS[n % 4], f"Elsewhere {n}") for n in range(4)]
    rows += [(spotify_id(2000 + n), f"Unheard {n}", "Dee", "None") for n in range(unheard)]
    exported.parent.mkdir(parents=True, exist_ok=True)
    with exported.open("w", newline="", encoding="utf-8-sig") as file:
        table = csv.writer(file)
        table.writerows([_EXPORTIFY, *((f"spotify:track:{i}", t, a, b, "1000", "") for i, t, a, b in rows)])
    return songs
