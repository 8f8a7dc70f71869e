"""The picture that lies beside files: cover.jpg, folder.png, AlbumArt_{…}_Large.jpg and their like."""

import os
import re
import stat
from functools import lru_cache
from pathlib import Path

from crawler.file.memory import State
from crawler.file.names import is_disc
from crawler.pictures import MAX_PICTURE_BYTES, may_be_cover
from earshot.covers import cover_of
from earshot.errors import InvalidPlaylist
from earshot.folders import Folders

_NAMES = ("cover", "folder", "front", "albumart", "album art", "album", "artwork")
"""The best first."""
_NAMED = re.compile(rf"(?P<name>{'|'.join(_NAMES)})(?P<rest>(?:[^a-z].*|small|large)?)\.(?:jpe?g|png|webp)", re.I)
_OTHER_SIDE = re.compile(r"back|rear|inside|inlay|inner|booklet|disc|\bcd\b|tray|matrix|label", re.I)
_SMALL = re.compile(r"small|thumb", re.I)


class FolderPictures:
    """Finds and reads them, as far as `folders` may be read."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders

    def called(self, folder: Path) -> str | None:
        """The name as a cover of the picture beside the files of `folder`; None: there is none."""
        path = self._best(folder)
        try:
            return _digest(path, State.of(path.stat())) if path else None
        except OSError:
            return None

    def read(self, folder: Path) -> bytes | None:
        """The picture beside the files of `folder`."""
        path = self._best(folder)
        try:
            return _content(path) if path else None
        except OSError:
            return None

    def _best(self, folder: Path) -> Path | None:
        """In the folder, else, if that is one of several discs, in theirs. No link leads out of reach."""
        for place in (folder, folder.parent) if is_disc(folder.name) else (folder,):
            try:
                name = _best_name(place, place.stat().st_mtime_ns)
                path = self._folders.allowed(place / name) if name else None
                if path and stat.S_ISREG(path.stat().st_mode):
                    return path
            except (OSError, InvalidPlaylist):
                continue
        return None


@lru_cache(maxsize=4096)
def _best_name(folder: Path, _changed: int) -> str | None:
    """The name of the best picture in the folder, which has another time when it holds another file."""
    ranked = []
    with os.scandir(folder) as entries:
        for entry in entries:
            match = _NAMED.fullmatch(entry.name)
            if match and not _OTHER_SIDE.search(match["rest"]):
                rest = match["rest"]
                ranked.append((bool(_SMALL.search(rest)), _NAMES.index(match["name"].lower()), len(rest), entry.name))
    return min(ranked)[-1] if ranked else None


@lru_cache(maxsize=4096)
def _digest(path: Path, _state: State) -> str | None:
    picture = _content(path)
    return cover_of(picture) if picture else None


def _content(path: Path) -> bytes | None:
    with path.open("rb") as file:
        picture = file.read(MAX_PICTURE_BYTES + 1)
    return picture if may_be_cover(picture) else None
