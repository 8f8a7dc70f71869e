"""What a person may call a playlist, and which source understands it."""

import re
import unicodedata
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from earshot.errors import InvalidPlaylist
from earshot.sources import SOURCES, Can, parse_link, short_link_of

_MAX_INPUT = 2048
_UNUSABLE = ("Cc", "Cs", "Zl", "Zp")
"""Unicode categories: control characters, surrogates (of a path that is not UTF-8), separators of lines."""
_MANIFEST_SUFFIXES = (".csv", ".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class PlaylistRef:
    """A playlist that some source understands.

    `source` is a name in `earshot.sources`. `kind` is ``playlist``, ``album``, ``track``, ``folder``, ``manifest``, or
    ``all`` of a media server (then without an id).
    `id` is the source's number, an absolute path or an https URL. `text` is what somebody called it.
    """

    source: str
    kind: str
    id: str
    text: str = field(default="", compare=False)

    def __str__(self) -> str:
        """What was understood, for people."""
        source = SOURCES[self.source]
        if source.is_server:
            return f"{source.label} {self.kind} {self.id}".strip()
        return f"{source.label} {self.kind} {self.id}" if source.site else f"{self.kind} {self.id}"


def parse_playlist(text: str) -> PlaylistRef:
    """The playlist, album, track, library, folder or manifest that `text` names.

    A bare 22-character id is a Spotify playlist. Folders and manifests are absolute paths or ``file://`` URLs; a
    manifest (``.csv``, ``.jsonl``, ``.ndjson``) may also be an https URL.

    Raises:
        InvalidPlaylist: no source understands `text`.
    """
    text = text.strip()
    if not text or len(text) > _MAX_INPUT or _has_unusable(text):
        raise InvalidPlaylist(f"not a playlist: {text[:80]!r}")
    if found := _linked(text) or _by_number(text) or _at_place(text):
        return replace(found, text=text)
    if source := short_link_of(text):
        raise InvalidPlaylist(
            f"a short link does not say what it leads to: {text[:80]!r}",
            hint=f"Open it in a browser and use the address that {source.label} shows then.",
        )
    raise InvalidPlaylist(f"not a playlist: {text[:80]!r}")


def without_secrets(text: str) -> str:
    """What somebody called a playlist, without the parts of a URL that tokens travel in."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https"):
        return text
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _linked(text: str) -> PlaylistRef | None:
    link = parse_link(text)
    return PlaylistRef(link.source.name, link.kind, link.number) if link else None


def _by_number(text: str) -> PlaylistRef | None:
    """A bare number, which is a playlist's, or the id of a track that its source can look up."""
    for source in SOURCES.values():
        if Can.LOOK_UP in source.can and re.fullmatch(source.track_id(f"(?:{source.number})"), text):
            return PlaylistRef(source.name, "playlist" if source.bare else "track", text.rpartition(":")[2])
    return None


def _at_place(text: str) -> PlaylistRef | None:
    """A folder or a manifest, by its path or URL."""
    if text.startswith("/"):
        return _local(text)
    if text.startswith("file:///") and not _has_unusable(path := unquote(urlsplit(text).path)):
        return _local(path)
    return PlaylistRef("manifest", "manifest", f"https{text[5:]}") if _is_remote_manifest(text) else None


def _is_remote_manifest(text: str) -> bool:
    try:
        parts = urlsplit(text)
        names_a_host = bool(parts.hostname) and parts.username is None
    except ValueError:
        return False
    return parts.scheme == "https" and names_a_host and parts.path.lower().endswith(_MANIFEST_SUFFIXES)


def playlist_from_command_line(text: str) -> str:
    """`text`, or the absolute path of the folder or file that it names from where the person stands."""
    try:
        path = Path(text).expanduser().resolve(strict=True)
    except (OSError, RuntimeError, ValueError):  # not there, nobody's home, a loop of links, too long for a name
        return text
    return str(path) if str(path) == str(path).strip() else path.as_uri()


def _has_unusable(text: str) -> bool:
    return any(unicodedata.category(character) in _UNUSABLE for character in text)


def _local(path: str) -> PlaylistRef:
    if path.lower().endswith(_MANIFEST_SUFFIXES):
        return PlaylistRef("manifest", "manifest", path)
    return PlaylistRef("file", "folder", path)
