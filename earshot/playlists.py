"""What a person may call a playlist, and which source understands it."""

import os
import re
import unicodedata
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from urllib.parse import unquote_to_bytes, urlsplit

from earshot.errors import InvalidPlaylist
from earshot.ids import escaped
from earshot.pasted import unwrapped, what_it_is
from earshot.sources import SOURCES, Can, parse_link

_MAX_INPUT = 2048
_EVERYTHING = 10**9
_UNUSABLE = ("Cc", "Cs", "Zl", "Zp")
"""Unicode categories: control characters, surrogates (of a path that is not UTF-8), separators of lines."""
_MANIFEST_SUFFIXES = (
    ".csv", ".tsv", ".tab", ".txt", ".jsonl", ".ndjson", ".json", ".jspf", ".xspf", ".m3u", ".m3u8", ".pls", ".cue",
)  # fmt: skip
"""As in `earshot.lists`; a test compares. (Read by every function: the lists themselves are not.)"""
PASTED = re.compile(r"list:[0-9a-f]{16}")
"""A list that somebody has sent (`earshot.stores.pasted_lists`)."""


@dataclass(frozen=True, slots=True)
class PlaylistRef:
    """A playlist that some source understands.

    `source` is a name in `earshot.sources`. `kind` is one of `earshot.sources.KINDS`, one of the source's `own_lists`,
    ``folder`` (also for a single file), ``manifest``, or ``all`` of a media server (then without an id). `id` is the
    source's number, an absolute path or an https URL. `text` is what somebody called it.
    """

    source: str
    kind: str
    id: str
    text: str = field(default="", compare=False)

    def __str__(self) -> str:
        """What was understood, for people."""
        return f"{self.kind_for_people} {self.id.encode('utf-8', 'replace').decode()}".rstrip()

    @property
    def called(self) -> str:
        """A name for people, from no more than where it is: of a folder or a list its own, else what was understood."""
        if self.id.startswith(("/", "https://")):
            path = PurePosixPath(urlsplit(self.id).path if self.id.startswith("https://") else self.id)
            name = path.stem if self.kind == "manifest" else path.name
            return name.encode("utf-8", "replace").decode() or self.id
        return "a list" if PASTED.fullmatch(self.id) else str(self)

    @property
    def kind_for_people(self) -> str:
        """What kind of thing it is, and whose, without saying which."""
        source = SOURCES[self.source]
        return f"{source.label} {self.kind}" if source.site or source.is_server else self.kind


def parse_playlist(text: str) -> PlaylistRef:
    """The playlist, album, track, artist, library, folder or manifest that `text` names.

    A bare 22-character id is a Spotify playlist. Folders and manifests are absolute paths or ``file://`` URLs; a
    manifest (``.csv``, ``.m3u8``, ``.xspf``, …) may also be an https URL. What people paste around it, quotes, angle
    brackets, the words of a message, is left off.

    Raises:
        InvalidPlaylist: no source understands `text`. It says what it seems to be, and what would work.
    """
    text = text.strip()
    if not text or len(text) > _MAX_INPUT or _has_unusable(text):
        raise InvalidPlaylist(f"not a playlist: {text[:80]!r}")
    for candidate in unwrapped(text):
        if found := _linked(candidate) or _by_number(candidate) or _at_place(candidate):
            return found if found.text else replace(found, text=candidate)
    raise what_it_is(text)


def without_secrets(text: str) -> str:
    """What somebody called a playlist, without the parts of a URL that tokens travel in."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https"):
        return text
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _linked(text: str) -> PlaylistRef | None:
    link = parse_link(text)
    if link is None:
        return None
    name, kind, number = link.source.name, link.kind, link.number
    if link.source.is_server and number and not link.source.has_number(number):
        return PlaylistRef(name, kind, escaped(number))
    # A page of a server is called by what it shows: its address says more of a house than others need to see.
    is_page = link.source.is_server and not text.startswith(f"{name}:")
    return PlaylistRef(name, kind, number, f"{name}:{kind}:{number}" if is_page else "")


def _by_number(text: str) -> PlaylistRef | None:
    """A bare number, which is a playlist's, or the id of a track that its source can look up."""
    for source in SOURCES.values():
        if Can.LOOK_UP in source.can and re.fullmatch(source.track_id(f"(?:{source.number})"), text):
            return PlaylistRef(source.name, "playlist" if source.bare else "track", text.rpartition(":")[2])
    return None


def _at_place(text: str) -> PlaylistRef | None:
    """A folder or a manifest, by its path or URL, or a list that was sent."""
    if PASTED.fullmatch(text):
        return PlaylistRef("manifest", "manifest", text)
    if text.startswith("/"):
        return _local(text)
    if re.match(r"(?i:file://(?:localhost)?/)", text):
        path = os.fsdecode(unquote_to_bytes(urlsplit(text).path))
        return None if _has_unusable(path.encode("utf-8", "replace").decode()) else _local(path)
    return PlaylistRef("manifest", "manifest", f"https{text[5:]}") if _is_remote_manifest(text) else None


def _is_remote_manifest(text: str) -> bool:
    try:
        parts = urlsplit(text)
        names_a_host = bool(parts.hostname) and parts.username is None
    except ValueError:
        return False
    return parts.scheme == "https" and names_a_host and parts.path.lower().endswith(_MANIFEST_SUFFIXES)


def playlist_from_command_line(text: str) -> str:
    """`text`, or the absolute path of the folder or file that it names from where the person stands.

    What begins like a path is one also where there is nothing.
    """
    try:
        path = Path(text).expanduser().resolve(strict=not text.startswith(("~/", "./", "../")))
    except (OSError, RuntimeError, ValueError):  # not there, nobody's home, a loop of links, too long for a name
        return text
    return str(path) if str(path) == str(path).strip() else path.as_uri()


def agreed(text: str) -> int:
    """How many doubtful removals a person agrees to on a command line: a number, or ``all``.

    Raises:
        ValueError: it is neither.
    """
    return _EVERYTHING if text == "all" else int(text)


def _has_unusable(text: str) -> bool:
    return any(unicodedata.category(character) in _UNUSABLE for character in text)


def _local(path: str) -> PlaylistRef:
    path = str(PurePosixPath(f"/{path.lstrip('/')}"))
    if path.lower().endswith(_MANIFEST_SUFFIXES):
        return PlaylistRef("manifest", "manifest", path)
    return PlaylistRef("file", "folder", path)
