"""Music to judge on: clips, and what is known of them. Read from a table (CSV), or cut from folders of whole pieces.

Artist and album of a piece in a folder are those that its crawl would find: by its tags, else by where it lies.

A corpus is known by what is in it and not by where it lies: its SHA-256 is of its rows and of its files' contents.
"""

import csv
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path, PurePath

import numpy as np

from crawler.file.names import named
from crawler.file.tags import Tags, read_tags
from earshot.errors import InvalidInput
from earshot.titles import artist_key, is_nobody
from extractor.audio.samples import CLIP_S

LISTED = "clips.csv"
"""A folder that holds a file of this name is the corpus that it lists."""
PIECES_OF_A_FOLDER = 8
"""So that no album, and hardly an artist, decides the figures alone."""
_SHORTEST_S, _TWO_CLIPS_S, _INTRO_S, _SECOND = 35, 100, 20, 0.6
_AUDIO = {".aac", ".flac", ".m4a", ".mp3", ".oga", ".ogg", ".opus", ".wav"}


@dataclass(frozen=True, slots=True)
class Clip:
    """Thirty seconds of a track, or fewer where its file has no more.

    Attributes:
        clip_id: names it in the corpus.
        track: whose clips are the same track.
        artist: by whom.
        file: where its audio lies; of a file that is no longer than a clip, all of it is heard.
        content: SHA-256 of the file.
        start_s: where in a longer file it begins, seconds.
        album, genre, year, popularity: None where unknown; the popularity from 0 to 100.
        tags: what else it is called.
    """

    clip_id: str
    track: str
    artist: str
    file: Path
    content: str
    start_s: float = 0.0
    album: str | None = None
    genre: str | None = None
    tags: tuple[str, ...] = ()
    year: int | None = None
    popularity: float | None = None

    @property
    def sound(self) -> str:
        """Names what is heard: the file's content, and where the clip begins in it."""
        return hashlib.sha256(f"{self.content}\n{self.start_s:.3f}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Corpus:
    """Clips, in the order of a hash of their names: whoever breaks ties by the order favours nobody."""

    clips: tuple[Clip, ...]

    @property
    def sha256(self) -> str:
        """Of its rows and its files' contents, whatever their order and wherever they lie."""
        rows = [
            (clip.clip_id, clip.track, clip.artist, clip.content, clip.start_s, clip.album, clip.genre, clip.tags,
             clip.year, clip.popularity)
            for clip in self.clips
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def of_clips(clips: Sequence[Clip]) -> Corpus:
    """A corpus of these.

    Raises:
        InvalidInput: there are none, or two of one name.
    """
    if not clips:
        raise InvalidInput("the corpus holds no clip", hint="Name a CSV of clips, or folders of music.")
    names = [clip.clip_id for clip in clips]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidInput(f"two clips are called {twice!r}", hint="Give each a clip_id of its own.")
    return Corpus(tuple(sorted(clips, key=lambda clip: hashlib.sha256(clip.clip_id.encode()).digest())))


def of_places(places: Sequence[Path]) -> Corpus:
    """The corpus at one CSV, or in folders: of one that holds a `clips.csv` what that lists, else as `of_folders`.

    Raises:
        InvalidInput: as `read` and `of_folders`.
    """
    lists = [place / LISTED if place.is_dir() else place for place in places]
    if len(lists) == 1 and lists[0].is_file():
        return read(lists[0])
    return of_folders(places)


def read(table: Path) -> Corpus:
    """The corpus that a CSV lists: columns `path` (relative to the table) and `artist`, and as far as they are known
    `clip_id`, `track_id`, `album`, `genre` (or `style`), `tags` (with semicolons), `year`, `popularity`, `start_s`.

    Raises:
        InvalidInput: it is none; names the line.
    """
    try:
        with table.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            lacking = {"path", "artist"} - set(rows.fieldnames or ())
            if lacking:
                raise InvalidInput(
                    f"{table}, line 1: no column {' and '.join(sorted(lacking))}",
                    hint="docs/lab.md says which columns a corpus has.",
                )
            listed = [(rows.line_num, row) for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{table} cannot be read as a table: {error}", hint="It is a CSV in UTF-8.") from error
    with ThreadPoolExecutor() as readers:
        return of_clips([*readers.map(lambda line: _clip(line[1], table, line[0]), listed)])


def of_folders(folders: Sequence[Path]) -> Corpus:
    """Clips cut from the pieces in `folders` and all below, of what sits in one folder eight pieces at most.

    The artist is a piece's album artist, else its (first) artist, by its tags; else by its path; what names nobody
    ("Various Artists") counts as nothing. Where nothing is said, what sits in one folder is by one artist, whom the
    folder's path names. The album is by tags, else by the path. A piece of more than 100 s gives two clips that do not
    overlap.

    Raises:
        InvalidInput: a folder is none, a file cannot be read, or there is no piece of 35 s in any.
    """
    for folder in folders:
        if not folder.is_dir():
            raise InvalidInput(f"{folder} is no folder", hint="Name a CSV of clips, or folders of music.")
    spelt: dict[str, str] = {}
    return of_clips([*chain.from_iterable(_of_folder(*place, spelt) for place in _places(folders))])


def _places(folders: Sequence[Path]) -> Iterator[tuple[Path, PurePath]]:
    """Each with what stands in front of its pieces' names: nothing, or how it is called, where two have one name."""
    whole = [folder.resolve() for folder in folders]
    names = [place.name for place in whole]
    above = os.path.commonpath(whole) if whole else ""
    for place in whole:
        yield place, PurePath() if names.count(place.name) == 1 else place.relative_to(above)


def _of_folder(folder: Path, called: PurePath, spelt: dict[str, str]) -> Iterator[Clip]:
    """`spelt`: by the key of an artist, the name as it was met first."""
    audio = (path for path in folder.rglob("*") if path.suffix.lower() in _AUDIO and path.is_file())
    for parent, together in groupby(sorted(audio, key=lambda path: (path.parent, path)), lambda path: path.parent):
        read = [(path, tags) for path in together if ((tags := _tags(path)).length_s or 0) >= _SHORTEST_S]
        chosen = np.linspace(0, len(read) - 1, min(len(read), PIECES_OF_A_FOLDER)).round().astype(int)
        for path, tags in (read[number] for number in chosen):
            inside = called / path.relative_to(folder)
            artist, album = _artist_and_album(tags, inside, parent)
            artist = spelt.setdefault(artist_key(artist) or artist, artist)
            yield from _of_piece(path, inside.as_posix(), artist, album, tags.length_s or 0)


def _artist_and_album(tags: Tags, inside: PurePath, parent: Path) -> tuple[str, str | None]:
    by_path = named(inside)
    said = (tags.album_artist, *tags.artists[:1], by_path.artist)
    place = parent.name if inside.parent == PurePath() else inside.parent.as_posix()
    artist = next((name for name in said if name and not is_nobody(artist_key(name))), place)
    return artist, tags.album or by_path.album or None


def _of_piece(path: Path, name: str, artist: str, album: str | None, length_s: float) -> Iterator[Clip]:
    content = _digest(path)
    yield Clip(f"{name} a", name, artist, path, content, min(_INTRO_S, length_s - CLIP_S - 1), album)
    if length_s > _TWO_CLIPS_S:
        yield Clip(f"{name} b", name, artist, path, content, round(_SECOND * length_s, 3), album)


def _tags(path: Path) -> Tags:
    try:
        with path.open("rb") as file:
            return read_tags(file)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}", hint="Mend it, or take it away.") from error


def _clip(row: Mapping[str, str | None], table: Path, line: int) -> Clip:
    def said(*names: str) -> str | None:
        return next((text.strip() for name in names if (text := row.get(name)) and text.strip()), None)

    def number(name: str) -> float | None:
        text = said(name)
        try:
            found = None if text is None else float(text)
        except ValueError:
            found = float("nan")
        if found is not None and not 0 <= found < float("inf"):
            raise InvalidInput(f"{table}, line {line}: {name} is {text!r}", hint="It is a number, 0 or more.")
        return found

    path, artist = said("path"), said("artist")
    if path is None or artist is None:
        raise InvalidInput(
            f"{table}, line {line}: no {'path' if path is None else 'artist'}", hint="Each clip has one."
        )
    file, year = table.parent / path, number("year")
    try:
        content = _digest(file)
    except OSError as error:
        raise InvalidInput(f"{table}, line {line}: {path} cannot be read: {error.strerror}") from error
    start_s = number("start_s") or 0.0
    return Clip(
        clip_id=said("clip_id") or f"{path} {start_s:g}",
        track=said("track_id") or path,
        artist=artist,
        file=file,
        content=content,
        start_s=start_s,
        album=said("album"),
        genre=said("genre", "style"),
        tags=tuple(sorted({tag.strip().lower() for tag in (said("tags") or "").split(";") if tag.strip()})),
        year=None if year is None else int(year),
        popularity=number("popularity"),
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
