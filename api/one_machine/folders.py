"""Which folders of this machine there are, for whoever sits at it and wants to choose one (local stage only).

Names alone go out, and only below the folders that may be crawled. Who comes from another machine, or through a proxy,
hears nothing: where files lie is nobody else's business.
"""

import ipaddress
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from api.http.events import HttpEvent
from api.one_machine.files import AUDIO_TYPES
from earshot.errors import InvalidPlaylist, NotServedHere
from earshot.folders import Folders

PATH = "/folders"
MOST = 500
"""Folders that are named of one; a library has its artists there."""
_LOOKED_AT = 20_000
"""Entries of a folder that are looked at: counting what lies in a mail store is nobody's wish."""
_VIA_PROXY = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


@dataclass(frozen=True, slots=True)
class Listing:
    """A folder as one chooses among its folders.

    Attributes:
        folder: where it is, without links.
        parent: the folder that holds it; None where that may not be crawled.
        folders: names of those in it, at most `MOST`, as people sort them.
        audio_files: how many files in it, not below, have names of audio that browsers play.
        more: whether it holds more than was looked at.
    """

    folder: str
    parent: str | None
    folders: list[str]
    audio_files: int
    more: bool

    def to_dict(self) -> dict[str, object]:
        """As JSON has it."""
        return asdict(self)


def check_is_here(event: HttpEvent) -> None:
    """Nothing, if somebody at this machine asks.

    Raises:
        NotServedHere: somebody else does, or may: through a proxy.
    """
    client = ipaddress.ip_address(event["requestContext"]["http"]["sourceIp"])
    if not client.is_loopback or any(name in event["headers"] for name in _VIA_PROXY):
        raise NotServedHere(
            "folders are shown only on the machine that they are on",
            hint="Write the folder's whole path instead, or open the page on that machine.",
        )


def listing(folders: Folders, text: str) -> Listing:
    """The folder `text`; without one, where music usually is: ``~/Music``, else the home folder, else the first that
    may be crawled.

    Raises:
        InvalidPlaylist: it may not be crawled, is no folder, or cannot be read.
    """
    folder = folders.allowed(_meant(text)) if text else _first(folders)
    names, audio_files, more = [], 0, False
    try:
        with os.scandir(folder) as entries:
            for number, entry in enumerate(entries):
                if number >= _LOOKED_AT:
                    more = True
                    break
                if _is_shown(entry, folders):
                    names.append(entry.name)
                audio_files += Path(entry.name).suffix.lower() in AUDIO_TYPES
    except OSError as error:
        raise InvalidPlaylist(f"{folder} cannot be looked into: {error.strerror}", hint="Choose another.") from None
    names.sort(key=lambda name: (name.casefold(), name))
    return Listing(str(folder), _parent(folder, folders), names[:MOST], audio_files, more or len(names) > MOST)


def _meant(text: str) -> Path:
    if "\0" in text or (not text.startswith(("/", "~/")) and text != "~"):
        raise InvalidPlaylist(f"{text[:80]!r} is no whole path", hint="Such as /home/me/Music, or ~/Music.")
    return Path(text).expanduser()


def _first(folders: Folders) -> Path:
    home = Path.home()
    usual = [place for place in (home / "Music", home) if place.is_dir() and _is_allowed(place, folders)]
    allowed = next(iter((*usual, *folders.roots)), None)
    if allowed is None:
        raise InvalidPlaylist(
            "no folder of this machine may be crawled", hint="EARSHOT_FOLDER_ROOTS names those that may."
        )
    return folders.allowed(allowed)


def _is_shown(entry: os.DirEntry[str], folders: Folders) -> bool:
    """Whether it is a folder to choose: not hidden, its name text, and no link that leads out."""
    if entry.name.startswith(".") or not entry.name.isprintable():
        return False
    try:
        return entry.is_dir() and (not entry.is_symlink() or _is_allowed(Path(entry.path), folders))
    except OSError:  # a link to itself
        return False


def _is_allowed(path: Path, folders: Folders) -> bool:
    try:
        folders.allowed(path)
    except InvalidPlaylist:
        return False
    return True


def _parent(folder: Path, folders: Folders) -> str | None:
    return str(folder.parent) if folder.parent != folder and _is_allowed(folder.parent, folders) else None
