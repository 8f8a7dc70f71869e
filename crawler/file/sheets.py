"""Cue sheets in a folder, and those in its files: which files they part into tracks.

A sheet speaks of files beside it: of the one with the name that it gives, else of the only one that is called so but
for the suffix (rips are compressed after their sheet is written), else, where it gives one name, of the only one that
is called like the sheet. Of several sheets for a file the one that names it exactly counts, else the first by its name.
A sheet in a file counts where none beside it speaks of it.
"""

import re
import stat
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePath

from crawler.file.passing_over import suffix_of
from crawler.formats import SUFFIXES
from earshot.errors import InvalidPlaylist
from earshot.folders import Folders
from earshot.lists import ListedTrack, read_list
from earshot.reasons import Reason

SUFFIX = ".cue"
_MOST_BYTES = 512 * 1024
_MOST_TRACKS = 999
"""Of a file. A disc has 99 at most."""

Parts = tuple[ListedTrack, ...]


@dataclass(frozen=True, slots=True)
class Sheets:
    """What the cue sheets of a folder say.

    `parts`: the tracks of each file that holds several, by its name, at least one of them with a window. `unused`: why
    a sheet parts no file, and more about it, by the name of the sheet.
    """

    parts: Mapping[str, Parts] = field(default_factory=dict)
    unused: Mapping[str, tuple[Reason, str]] = field(default_factory=dict)


def sheets_in(folder: Path, names: Iterable[str], folders: Folders) -> Sheets:
    """Those among the `names` of a folder's entries, as far as they lie in `folders`.

    A sheet of files of one track each has nothing to part.
    """
    names = list(names)
    sheets = sorted(name for name in names if name.lower().endswith(SUFFIX))
    if not sheets:
        return Sheets()
    files = _Files(name for name in names if suffix_of(name) in SUFFIXES)
    parts: dict[str, Parts] = {}
    exact: set[str] = set()
    unused: dict[str, tuple[Reason, str]] = {}
    for sheet in sheets:
        try:
            of_file = _tracks_by_file(folders.allowed(folder / sheet))
        except OSError as error:
            unused[sheet] = Reason.UNREADABLE_FILE, error.strerror or ""
            continue
        except InvalidPlaylist as error:
            unused[sheet] = Reason.BAD_SHEET, error.message
            continue
        for location, tracks in of_file.items():
            name = files.named(location, sheet if len(of_file) == 1 else "")
            if name is None:
                unused[sheet] = Reason.FILE_GONE, location
            elif not any(track.window for track in tracks) or len(tracks) > _MOST_TRACKS:
                unused[sheet] = Reason.BAD_SHEET, location
            elif name not in parts or (name not in exact and name == location):
                parts[name] = tracks
                exact |= {name} if name == location else set()
    return Sheets(parts, unused)


@lru_cache(maxsize=1024)
def parts_inside(sheet: str) -> Parts:
    """The tracks that the sheet in a file makes of it; none where it makes none, or speaks of several files."""
    try:
        tracks = read_list(sheet.encode("utf-8", "replace"), f"sheet{SUFFIX}").tracks
    except InvalidPlaylist:
        return ()
    is_of_one = len({track.location for track in tracks}) == 1
    return tracks if is_of_one and any(track.window for track in tracks) and len(tracks) <= _MOST_TRACKS else ()


def _tracks_by_file(sheet: Path) -> Mapping[str, Parts]:
    """The tracks of each file that the sheet parts.

    Raises:
        OSError: it cannot be read.
        InvalidPlaylist: it names no tracks.
    """
    state = sheet.stat()
    if not stat.S_ISREG(state.st_mode):
        return {}
    return _parsed(sheet, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=4096)
def _parsed(sheet: Path, size: int, _modified_ns: int) -> Mapping[str, Parts]:
    """Kept, since every page of a folder asks again."""
    if size > _MOST_BYTES:
        raise InvalidPlaylist(f"{sheet.name} has more than {_MOST_BYTES >> 10} KiB, which is no cue sheet")
    with sheet.open("rb") as file:
        tracks = read_list(file.read(_MOST_BYTES), sheet.name).tracks
    if not tracks:
        raise InvalidPlaylist(f"{sheet.name} names no tracks")
    by_file: dict[str, Parts] = {}
    for track in tracks:
        if track.is_part:
            by_file[track.location] = (*by_file.get(track.location, ()), track)
    return by_file


class _Files:
    """The audio files of a folder, found by names that may not be theirs to the letter."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names: dict[str, list[str]] = {}
        self._stems: dict[str, list[str]] = {}
        for name in names:
            self._names.setdefault(_folded(name), []).append(name)
            self._stems.setdefault(_folded(PurePath(name).stem), []).append(name)

    def named(self, location: str, sheet: str) -> str | None:
        """The file that a sheet calls `location`; a `sheet` that speaks of one file only may be called like it."""
        name = re.split(r"[\\/]", location)[-1]
        if name in self._names.get(_folded(name), ()):
            return name
        called_like_it = PurePath(sheet).stem
        for found in (
            self._names.get(_folded(name), ()),
            self._stems.get(_folded(PurePath(name).stem), ()),
            self._names.get(_folded(called_like_it), ()),  # album.flac.cue
            self._stems.get(_folded(called_like_it), ()) if called_like_it else (),
        ):
            if len(found) == 1:
                return found[0]
        return None


def _folded(name: str) -> str:
    return unicodedata.normalize("NFD", name).casefold()
