"""Music to judge on: clips, and what is known of them. Read from a table (CSV), or cut from folders of whole pieces.

A corpus is known by what is in it and not by where it lies: its SHA-256 is of its rows and of its files' contents.
"""

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import mutagen
import numpy as np

from earshot.errors import InvalidInput
from extractor.audio.samples import CLIP_S

LISTED = "clips.csv"
"""A folder that holds a file of this name is the corpus that it lists."""
PIECES_OF_AN_ARTIST = 8
"""So that no artist decides the figures alone."""
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
    """Clips cut from the pieces in `folders`: what sits in one folder is by one artist, eight pieces of it at most.

    A piece of more than 100 s gives two clips that do not overlap.

    Raises:
        InvalidInput: a folder is none, or there is no piece of 35 s in any.
    """
    for folder in folders:
        if not folder.is_dir():
            raise InvalidInput(f"{folder} is no folder", hint="Name a CSV of clips, or folders of music.")
    return of_clips([*chain.from_iterable(map(_of_folder, folders))])


def _of_folder(folder: Path) -> Iterator[Clip]:
    for artist in sorted({path.parent for path in folder.rglob("*") if path.suffix.lower() in _AUDIO}):
        lengths = {path: _length_s(path) for path in sorted(artist.iterdir()) if path.suffix.lower() in _AUDIO}
        pieces = [path for path, length in lengths.items() if length >= _SHORTEST_S]
        chosen = np.linspace(0, len(pieces) - 1, min(len(pieces), PIECES_OF_AN_ARTIST)).round().astype(int)
        for path in (pieces[number] for number in chosen):
            yield from _of_piece(path, path.relative_to(folder).as_posix(), lengths[path])


def _of_piece(path: Path, name: str, length_s: float) -> Iterator[Clip]:
    content, artist = _digest(path), path.parent.name
    yield Clip(f"{name} a", name, artist, path, content, min(_INTRO_S, length_s - CLIP_S - 1))
    if length_s > _TWO_CLIPS_S:
        yield Clip(f"{name} b", name, artist, path, content, round(_SECOND * length_s, 3))


def _length_s(path: Path) -> float:
    """0 of a file that says none."""
    try:
        found = mutagen.File(path)
    except mutagen.MutagenError:
        return 0.0
    return 0.0 if found is None else float(found.info.length)  # one without tags is false, and has a length


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
