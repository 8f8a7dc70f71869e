"""Which files of a folder are heard, and what of it is not, in the order of their paths. No link leads out of reach."""

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from crawler.file.passing_over import IgnoreRules, is_bin, is_unheard_music, may_hold_music, suffix_of
from crawler.file.sheets import Parts, sheets_in
from crawler.formats import HEAD_BYTES, SUFFIXES, starts_like_audio
from earshot.errors import InvalidPlaylist
from earshot.folders import Folders, without_links
from earshot.lists import ListedTrack
from earshot.reasons import Reason

Position = tuple[str, ...]
"""The names that lead to a file from its folder. A track that a cue sheet makes of a part of it has a number behind."""
_MOST_LINKS = 4
"""That lead on to one another: libraries have one or two, and a tangle of them has no end."""
_NO_RULES = IgnoreRules()


@dataclass(frozen=True, slots=True)
class Found:
    """A file that may be audio, or the `reason` why something at this place is not heard; see `PlaylistEntry`.

    `part`: it is not the file, but the track that a cue sheet makes of a part of it.
    """

    position: Position
    reason: Reason | None = None
    detail: str = ""
    part: ListedTrack | None = None

    @property
    def file(self) -> Position:
        """Where the file lies."""
        return self.position[:-1] if self.part else self.position


@dataclass(frozen=True, slots=True)
class _Way:
    """How a folder was reached: the folders without links that it lies in, and how many links led there."""

    real: Path
    above: tuple[Path, ...] = ()
    links: int = 0

    def around(self, target: Path) -> bool:
        """Whether `target` holds the folder itself: whoever goes there comes back here."""
        return any(folder.is_relative_to(target) for folder in (self.real, *self.above))


class Walk:
    """A walk through `folder`, of which every path without links lies in `folders`."""

    def __init__(self, folder: Path, folders: Folders) -> None:
        self._folder = folder
        self._folders = folders

    def after(self, last: Position) -> Iterator[Found]:
        """What comes after the position `last`, in the order of the names. A folder stands for what it holds, and so
        does a file that a cue sheet parts.

        A folder that cannot be listed, and one that holds nothing at all, are found as such; files that are no music
        and what is hidden are passed over without a word.
        """
        return self._in((), _Way(self._folder), _NO_RULES, last)

    def file(self, name: str, last: Position) -> Iterator[Found]:
        """The same of one file, which lies in the folder."""
        try:
            names = [entry.name for entry in _entries(self._folder)]
        except OSError:  # a file may be read in a folder that may not be listed
            names = []
        parts = sheets_in(self._folder, filter(_NO_RULES.reads, names), self._folders).parts.get(name)
        return _after(last, _parted(Found((name,)), parts))

    def _in(self, parts: Position, way: _Way, rules: IgnoreRules, last: Position) -> Iterator[Found]:
        folder = self._folder.joinpath(*parts)
        try:
            entries = _entries(folder)
            rules = rules.below(folder, {entry.name for entry in entries})
        except OSError as error:
            if parts > last:
                yield Found(parts, Reason.UNREADABLE_FILE, error.strerror or "")
            return
        if rules.ignores_all:
            if parts > last and may_hold_music(folder):
                yield Found(parts, Reason.IGNORED, rules.said_in)
            return
        if not entries and parts > last:
            yield Found(parts, Reason.EMPTY_FOLDER)
        sheets = sheets_in(folder, [entry.name for entry in entries if rules.reads(entry.name)], self._folders)
        for entry in entries:
            position = (*parts, entry.name)
            if position[: len(last)] >= last[: len(position)]:
                if entry.name in sheets.unused and position > last:
                    yield Found(position, *sheets.unused[entry.name])
                for found in self._at(position, entry, way, rules, last):
                    of_file = sheets.parts.get(entry.name) if found.position == position else None
                    yield from _after(last, _parted(found, of_file))

    def _at(
        self, position: Position, entry: os.DirEntry[str], way: _Way, rules: IgnoreRules, last: Position
    ) -> Iterator[Found]:
        try:
            is_link, is_folder = entry.is_symlink(), entry.is_dir(follow_symlinks=False)
            is_file = entry.is_file(follow_symlinks=False)
        except OSError as error:  # where the listing does not say what it lists, and that may not be asked
            if position > last:
                yield Found(position, Reason.UNREADABLE_FILE, error.strerror or "")
            return
        if is_link:
            yield from self._linked(position, Path(entry), way, rules, last)
        elif is_folder:
            if is_bin(entry.name) or rules.ignores(entry.name):
                if position > last and may_hold_music(Path(entry)):
                    yield Found(position, Reason.IGNORED, "" if is_bin(entry.name) else rules.said_in)
            elif not entry.name.startswith("."):
                yield from self._in(position, _Way(way.real / entry.name, way.above, way.links), rules, last)
        elif is_file and _is_due(position, last):
            for found in _file(position, entry):
                yield (
                    replace(found, reason=Reason.IGNORED, detail=rules.said_in) if rules.ignores(entry.name) else found
                )

    def _linked(self, position: Position, path: Path, way: _Way, rules: IgnoreRules, last: Position) -> Iterator[Found]:
        """What a link leads to, if that may be read. What lies in the folder anyway is found there; circles end."""
        if path.name.startswith(".") or is_bin(path.name) or rules.ignores(path.name):
            return
        try:
            state = path.stat()
        except OSError as error:
            if position > last and _might_be_music(path.name, error):
                yield Found(position, Reason.UNREADABLE_FILE, f"a link to what is not there: {path.readlink()}")
            return
        if not stat.S_ISDIR(state.st_mode) and suffix_of(path.name) not in SUFFIXES:
            return
        try:
            target = self._folders.allowed(path)
        except InvalidPlaylist:
            if position > last:
                yield Found(position, Reason.FORBIDDEN_FOLDER, f"a link to {without_links(path)}")
            return
        if not stat.S_ISDIR(state.st_mode):
            if stat.S_ISREG(state.st_mode) and _is_due(position, last):
                yield from _file(position, path)
        elif way.around(target) or target.is_relative_to(self._folder):
            return
        elif way.links >= _MOST_LINKS:
            if position > last:
                yield Found(position, Reason.IGNORED, f"more than {_MOST_LINKS} links that lead to one another")
        else:
            yield from self._in(position, _Way(target, (*way.above, way.real), way.links + 1), rules, last)


def _parted(found: Found, parts: Parts | None) -> Iterator[Found]:
    """The tracks that a sheet makes of a file; the file itself where there are none."""
    if not parts or found.reason:
        yield found
        return
    for number, part in enumerate(parts, 1):
        yield Found((*found.position, part_name(number)), None if part.window else Reason.BAD_SHEET, part.title, part)


def part_name(number: int) -> str:
    """What is behind the name of a file in the position of the track that a sheet makes of it."""
    return f"{number:03d}"


def _is_due(position: Position, last: Position) -> bool:
    """Whether a file, or what a sheet makes of it, comes after `last`, which may be one of its tracks."""
    return position != last and position >= last[: len(position)]


def _after(last: Position, found: Iterator[Found]) -> Iterator[Found]:
    return (one for one in found if one.position > last)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _file(position: Position, place: os.PathLike[str]) -> Iterator[Found]:
    """By its suffix, or, where it has none, by its first bytes. Whether it really is audio, decoding will tell."""
    name, suffix = position[-1], suffix_of(position[-1])
    if name.startswith("."):
        return
    if suffix and suffix not in SUFFIXES:
        if is_unheard_music(suffix):
            yield Found(position, Reason.UNSUPPORTED_FORMAT, suffix.removeprefix("."))
        return
    if not suffix:
        try:
            with Path(place).open("rb") as file:
                if not starts_like_audio(file.read(HEAD_BYTES)):
                    return
        except OSError:
            return
    yield Found(position)


def _might_be_music(name: str, error: OSError) -> bool:
    """Of a link that leads nowhere: whether a song, or a folder of them, was there. In circles nothing ever was."""
    suffix = suffix_of(name)
    return suffix in SUFFIXES or is_unheard_music(suffix) or (not suffix and error.errno != errno.ELOOP)
