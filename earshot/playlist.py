"""What a person may call a playlist, and which source understands it."""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from earshot.errors import InvalidPlaylist

SourceName = Literal["spotify", "deezer", "folder", "manifest"]
Kind = Literal["playlist", "album", "track", "folder", "manifest"]

_MAX_INPUT = 2048
_UNUSABLE = ("Cc", "Cs", "Zl", "Zp")
"""Unicode categories: control characters, surrogates (of a path that is not UTF-8), separators of lines."""
_MANIFEST_SUFFIXES = (".csv", ".jsonl", ".ndjson")
_LANGUAGE = "(?i:intl-[a-z-]+/|[a-z]{2}(?:-[a-z]{2})?/)?"
_END = "/?(?:[?#].*)?"
_SPOTIFY = (
    re.compile(r"(?i:spotify):(?:user:[^:]{1,128}:)?(?P<kind>playlist|album|track):(?P<id>[0-9A-Za-z]{22})"),
    re.compile(
        rf"(?i:https?://open\.spotify\.com)/{_LANGUAGE}(?:user/[^/]{{1,128}}/)?"
        rf"(?P<kind>playlist|album|track)/(?P<id>[0-9A-Za-z]{{22}}){_END}"
    ),
)
_SPOTIFY_ID = re.compile(r"[0-9A-Za-z]{22}")
_DEEZER = (
    re.compile(r"(?i:deezer):(?P<kind>playlist|album|track):(?P<id>[1-9][0-9]{0,17})"),
    re.compile(
        rf"(?i:https?://(?:www\.)?deezer\.com)/{_LANGUAGE}"
        rf"(?P<kind>playlist|album|track)/(?P<id>[1-9][0-9]{{0,17}}){_END}"
    ),
)
_DEEZER_TRACK = re.compile(r"deezer:([1-9][0-9]{0,17})")
_SHORT_LINK = re.compile(r"(?i:https?://(?:spotify\.link|link\.deezer\.com|(?:deezer|dzr)\.page\.link))/.*")


@dataclass(frozen=True, slots=True)
class PlaylistRef:
    """A playlist that some source understands. `id` is the provider's id, an absolute path or an https URL."""

    source: SourceName
    kind: Kind
    id: str

    def __str__(self) -> str:
        """What was understood, for people."""
        name = "" if self.source == self.kind else f"{self.source.capitalize()} "
        return f"{name}{self.kind} {self.id}"


def parse_playlist(text: str) -> PlaylistRef:
    """The playlist, album, track, folder or manifest that `text` names.

    A bare 22-character id is a Spotify playlist. Folders and manifests are absolute paths or ``file://`` URLs; a
    manifest (``.csv``, ``.jsonl``, ``.ndjson``) may also be an https URL.

    Raises:
        InvalidPlaylist: no source understands `text`.
    """
    text = text.strip()
    if not text or len(text) > _MAX_INPUT or _has_unusable(text):
        raise InvalidPlaylist(f"not a playlist: {text[:80]!r}")
    for source, patterns in (("spotify", _SPOTIFY), ("deezer", _DEEZER)):
        for pattern in patterns:
            if match := pattern.fullmatch(text):
                return PlaylistRef(source, match["kind"], match["id"])  # type: ignore[arg-type]
    if _SPOTIFY_ID.fullmatch(text):
        return PlaylistRef("spotify", "playlist", text)
    if match := _DEEZER_TRACK.fullmatch(text):
        return PlaylistRef("deezer", "track", match[1])
    if text.startswith("/"):
        return _local(text)
    if text.startswith("file:///") and not _has_unusable(path := unquote(urlsplit(text).path)):
        return _local(path)
    if _is_remote_manifest(text):
        return PlaylistRef("manifest", "manifest", f"https{text[5:]}")
    if _SHORT_LINK.fullmatch(text):
        raise InvalidPlaylist(
            f"a short link does not say what it leads to: {text[:80]!r}",
            hint="Open it in a browser and use the address that Spotify or Deezer shows then.",
        )
    raise InvalidPlaylist(f"not a playlist: {text[:80]!r}")


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
    return PlaylistRef("folder", "folder", path)
