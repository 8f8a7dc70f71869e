"""What of a folder is no music, or is not meant to be heard: by names, and by the files that say so."""

import os
import re
from collections.abc import Set
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from crawler.formats import SUFFIXES

_MUSIC = frozenset({
    ".3g2", ".3gp", ".669", ".8svx", ".aa", ".aac", ".aax", ".aaxc", ".ac3", ".acm", ".adts", ".aif", ".aifc",
    ".aiff", ".alac", ".amr", ".ape", ".apl", ".asf", ".ast", ".au", ".avi", ".awb", ".bwf", ".caf", ".cda", ".dff",
    ".divx", ".dsd", ".dsf", ".dts", ".dtshd", ".dvf", ".eac3", ".ec3", ".f4a", ".f4b", ".f4v", ".flac", ".flv",
    ".gsm", ".it", ".kar", ".kgm", ".kwm", ".la", ".m2ts", ".m4a", ".m4b", ".m4p", ".m4r", ".m4v", ".mid", ".midi",
    ".mka", ".mkv", ".mlp", ".mmf", ".mod", ".mogg", ".mov", ".mp+", ".mp1", ".mp2", ".mp3", ".mp4", ".mpa", ".mpc",
    ".mpeg", ".mpg", ".msv", ".mtm", ".mts", ".mus", ".ncm", ".nsf", ".oga", ".ofr", ".ofs", ".ogg", ".ogm", ".ogv",
    ".opus", ".psf", ".qcp", ".ra", ".ram", ".rf64", ".rm", ".rmi", ".rmvb", ".s3m", ".sd2", ".shn", ".sid", ".snd",
    ".spc", ".spx", ".stem", ".tak", ".thd", ".tta", ".umx", ".vgm", ".vob", ".voc", ".vox", ".w64", ".wav", ".webm",
    ".weba", ".wma", ".wmv", ".wv", ".xm", ".xmf",
})  # fmt: skip

"""Suffixes of files with sound in them, heard here or not."""
_SUFFIX = re.compile(r"\.(?=[A-Za-z0-9+]*[A-Za-z])[A-Za-z0-9+]{1,5}")
"""What follows the last dot of a name, if it is short and one word: "Mr. Jones" has no suffix."""
_BIN = re.compile(
    r"#recycle|@recycle|@eaDir|@tmp|#snapshot|\$RECYCLE\.BIN|RECYCLER|RECYCLED|System Volume Information|lost\+found|"
    r"__MACOSX|\.Trash(?:es|-[0-9]+)?|\.recycle|\.snapshots?|\.zfs|\.fseventsd|\.Spotlight-V100|\.AppleDouble",
    re.IGNORECASE,
)
_IGNORE_FILES = (".earshotignore", ".ndignore", ".plexignore", ".nomedia")
"""Of Earshot, Navidrome, Plex and Android. One that holds nothing speaks of its whole folder; else of what it lists."""
_LONGEST_IGNORE_FILE = 64 * 1024
_LOOKED_AT = 500


def suffix_of(name: str) -> str:
    """The suffix in small letters, with its dot; empty where a name has none, as "01. Song" and "Vol. 2" have none."""
    before, dot, after = name.rpartition(".")
    return f".{after.lower()}" if before and _SUFFIX.fullmatch(dot + after) else ""


def is_unheard_music(suffix: str) -> bool:
    """Whether files with this suffix have sound in them that is not heard here."""
    return suffix in _MUSIC and suffix not in SUFFIXES


def is_bin(name: str) -> bool:
    """Whether a folder of this name belongs to a system: deleted files, thumbnails, snapshots."""
    return _BIN.fullmatch(name) is not None


def may_hold_music(folder: Path) -> bool:
    """Whether music is among the first few hundred files below `folder`, or more than these are there."""
    seen = 0
    for _, folders, files in os.walk(folder):
        if any(suffix_of(name) in _MUSIC and not name.startswith(".") for name in files):
            return True
        seen += len(folders) + len(files)
        if seen > _LOOKED_AT:
            return True
    return False


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """What the files named above say of a folder and what is below it.

    `patterns` are those of .gitignore as far as people use them in music folders: names with wildcards, one a line, a
    slash at the end for folders, a path from the folder that the file lies in; ``!`` takes one back.
    """

    patterns: tuple[str, ...] = ()
    said_in: str = ""
    ignores_all: bool = False

    def below(self, folder: Path, names: Set[str]) -> "IgnoreRules":
        """The rules for what `folder` holds, whose entries have these `names`.

        Raises:
            OSError: a file with rules cannot be read.
        """
        rules = IgnoreRules(self._one_level_down(folder.name), self.said_in)
        for name in (name for name in _IGNORE_FILES if name in names):
            with (folder / name).open("rb") as file:
                text = file.read(_LONGEST_IGNORE_FILE).decode("utf-8", "replace")
            lines = tuple(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))
            everything = not text.strip() or name == ".nomedia" or bool({"*", "**", "/*", "**/*"} & {*lines})
            rules = IgnoreRules((*rules.patterns, *lines), name, ignores_all=rules.ignores_all or everything)
        return rules

    def reads(self, name: str) -> bool:
        """Whether the file `name` may say something of others."""
        return not name.startswith(".") and not self.ignores(name)

    def ignores(self, name: str) -> bool:
        """Whether they speak of the file or folder `name` of the folder that they are for."""
        ignored = False
        for pattern in self.patterns:
            taken_back, wanted = pattern.startswith("!"), pattern.removeprefix("!").strip("/").removeprefix("**/")
            if fnmatchcase(name, wanted) or fnmatchcase(f"{name}/*", wanted):
                ignored = not taken_back
        return ignored

    def _one_level_down(self, name: str) -> tuple[str, ...]:
        """The patterns that still hold in the folder `name`: those of names everywhere, those of paths without it."""
        kept = []
        for pattern in self.patterns:
            sign, path = pattern[: pattern.startswith("!")], pattern.removeprefix("!").lstrip("/")
            first, slash, rest = path.rstrip("/").partition("/")
            if not slash:
                kept += [] if pattern.startswith("/") else [pattern]
            elif first == "**":
                kept.append(pattern)
            elif fnmatchcase(name, first):
                kept.append(f"{sign}/{rest}")
        return tuple(kept)
