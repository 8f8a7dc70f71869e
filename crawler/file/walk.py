"""Which files of a folder may be audio, in the order of their paths; no link leads out of the folder."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from crawler.folders import without_links
from crawler.formats import HEAD_BYTES, SUFFIXES, starts_like_audio

_Position = tuple[str, ...]


def audio_files(folder: Path, after: _Position) -> Iterator[Path]:
    """Audio files below `folder` that come after the relative path `after`, in the order of their path's parts.

    A folder that cannot be listed stands for what it holds.
    """

    def walk(parts: _Position) -> Iterator[Path]:
        try:
            entries = _entries(folder.joinpath(*parts))
        except OSError:
            if parts > after:
                yield folder.joinpath(*parts)
            return
        for entry in entries:
            position = (*parts, entry.name)
            if position[: len(after)] < after[: len(position)]:
                continue
            path = folder.joinpath(*position)
            if not without_links(path).is_relative_to(folder):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from walk(position)
            elif position > after and _may_be_audio(path):
                yield path

    return walk(())


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name)


def _may_be_audio(path: Path) -> bool:
    """By its suffix, or, where it has none, by its first bytes. Whether it really is, decoding will tell."""
    if path.suffix and path.suffix.lower() not in SUFFIXES:
        return False
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        if path.suffix:
            return True
        with path.open("rb") as file:
            return starts_like_audio(file.read(HEAD_BYTES))
    except OSError:
        return bool(path.suffix)
