"""Where the files are that a playlist names: paths as programs of all systems have written them."""

import os
import re
import unicodedata
from collections.abc import Set
from functools import lru_cache
from itertools import islice
from pathlib import Path, PurePath
from urllib.parse import unquote, urlsplit

from earshot.errors import InvalidPlaylist
from earshot.folders import Folders, without_links

_DRIVE = re.compile(r"^(?:[A-Za-z]:|\\\\[^\\/]+|//[^/]+)[\\/]+")
_UNKNOWN = frozenset("?\ufffd")
"""What stands for characters that the list's encoding does not have."""
_MOST_BASES = 5
_MOST_PARTS = 40


class Places:
    """Finds files from the folder of a list.

    Args:
        folders: those that may be read.
        base: the list's folder.
    """

    def __init__(self, folders: Folders, base: Path) -> None:
        self._folders = folders
        self._base = base

    def find(self, location: str) -> Path | None:
        """The file that `location` means, if there is one that may be read.

        Tried in turn: the path as it is, without its percent signs, with its backslashes turned; then, for lists from
        other machines, its last parts below the list's folder and the folders around that. Case, composed accents and
        characters that an encoding lacked do not matter where one file fits.
        """
        try:
            return self._find(location)
        except (OSError, ValueError):  # no name that a file can have, a folder that may not be entered
            return None

    def find_compressed(self, location: str, suffixes: Set[str]) -> Path | None:
        """The one file that is called like `location` but for its suffix, which is one of these."""
        name = location.removesuffix(PurePath(location).suffix)
        found = {path for suffix in sorted(suffixes) if (path := self.find(name + suffix))}
        return found.pop() if len(found) == 1 else None

    def _find(self, location: str) -> Path | None:
        for path in _spellings(location):
            parts = [part for part in path.split("/") if part not in ("", ".")][-_MOST_PARTS:]
            if path.startswith("/") and (found := self._below(Path("/"), parts)):
                return found
            if not path.startswith("/") and (found := self._below(self._base, parts)):
                return found
            if (path.startswith("/") or _DRIVE.match(location)) and (found := self._moved(parts)):
                return found
        return None

    def _moved(self, parts: list[str]) -> Path | None:
        """The file whose path ends like this, near the list: with its folder, or right beside the list."""
        bases = [self._base, *islice(self._base.parents, _MOST_BASES - 1)]
        for first in range(len(parts)):
            tail = parts[first:]
            for base in bases if len(tail) > 1 else [self._base]:
                if ".." not in tail and (found := self._below(base, tail)):
                    return found
        return None

    def _below(self, base: Path, parts: list[str]) -> Path | None:
        path = base
        for part in parts:
            if part == "..":
                path = path.parent
            elif (path / part).exists():
                path /= part
            elif name := _alike(path, part):
                path /= name
            else:
                return None
        try:
            real = self._folders.allowed(path)
        except InvalidPlaylist:
            return None
        return real if real.is_file() else None


def file_name(location: str) -> str:
    """The name of the file that `location` means, wherever that is; empty where it means none."""
    return _spellings(location)[-1].rpartition("/")[2] if _spellings(location) else ""


def _spellings(location: str) -> list[str]:
    """Paths that `location` may mean, with slashes."""
    if location.lower().startswith("file:"):
        path = unquote(urlsplit(location).path, errors="surrogateescape")
        return [re.sub(r"^/+(?=[A-Za-z]:)", "", path).replace("\\", "/")] if path else []
    if "\0" in location or re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", location):
        return []
    found = [location, unquote(location, errors="surrogateescape")]
    if "\\" in location or _DRIVE.match(location):
        found += [_DRIVE.sub("/", one).replace("\\", "/") for one in found]
    return list(dict.fromkeys(found))


def _alike(folder: Path, name: str) -> str | None:
    """The one name in `folder` that is `name` but for case, accents' forms and characters that were lost."""
    wanted = _folded(name)
    found = [real for real, folded in _names(folder, _changed(folder)) if _fits(wanted, folded)]
    return found[0] if len(found) == 1 else None


def _fits(wanted: str, name: str) -> bool:
    if wanted == name:
        return True
    lost = not _UNKNOWN.isdisjoint(wanted)
    return lost and len(wanted) == len(name) and all(a == b or a in _UNKNOWN for a, b in zip(wanted, name, strict=True))


def _folded(name: str) -> str:
    """Decomposed and without case; a lost character stands for one of these."""
    return unicodedata.normalize("NFD", name).casefold()


def _changed(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except (OSError, ValueError):
        return 0


@lru_cache(maxsize=64)
def _names(folder: Path, _changed: int) -> list[tuple[str, str]]:
    try:
        return [(name, _folded(name)) for name in os.listdir(without_links(folder))]  # noqa: PTH208 (names alone)
    except (OSError, ValueError):
        return []
