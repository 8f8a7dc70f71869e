"""What a file says of its music: its id, from its tags, else from its path."""

import hashlib
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import mutagen

from earshot.fields import isrc
from earshot.ids import TrackId
from earshot.track import TrackInfo

_NUMBERED = re.compile(r"(?:[0-9]{1,2}[-.])?[0-9]{1,3}(?:[\s._-]+)(?P<title>\S.*)")
_MAX_TEXT = 300


def described(path: Path, relative: Path) -> TrackInfo:
    """The track in the file at `path`, which lies at `relative` in its folder.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return _info(track_id_of(file), path, relative, _tags(file))


def track_id_of(file: io.BufferedReader) -> TrackId:
    """``file:`` and the first 16 hex digits of the SHA-256 of the file, read in blocks."""
    file.seek(0)
    return TrackId(f"file:{hashlib.file_digest(file, 'sha256').hexdigest()[:16]}")


@dataclass(frozen=True, slots=True)
class _Tags:
    """What a file says of itself; empty where it has no tags, or none that can be read."""

    title: str = ""
    artists: tuple[str, ...] = ()
    album: str = ""
    isrc: str = ""
    length_s: float | None = None


def _tags(file: BinaryIO) -> _Tags:
    file.seek(0)
    try:
        tagged = mutagen.File(file, easy=True)
    # A track needs no tags: whether its audio is sound, decoding will tell.
    except Exception:  # noqa: BLE001 (hostile bytes make mutagen raise RecursionError, KeyError, ValueError and more)
        return _Tags()
    if tagged is None:
        return _Tags()

    def texts(name: str) -> tuple[str, ...]:
        values = (tagged.tags or {}).get(name) or ()
        found = (_printable(value).strip()[:_MAX_TEXT] for value in values if isinstance(value, str))
        return tuple(filter(None, found))

    title, album, code = ("".join(texts(name)[:1]) for name in ("title", "album", "isrc"))
    return _Tags(title, texts("artist"), album, code, getattr(tagged.info, "length", None))


def _info(track_id: TrackId, path: Path, relative: Path, tags: _Tags) -> TrackInfo:
    """From the tags, else from the path: ``Artist/Album/01 - Title.ext``, ``Artist - Title.ext``, ``Title.ext``."""
    title, folders = _printable(path.stem), [_printable(part) for part in relative.parts[:-1]]
    if match := _NUMBERED.fullmatch(title):
        title = match["title"]
    artist = folders[-2] if len(folders) > 1 else folders[-1] if folders else ""
    if not artist and " - " in title:
        artist, _, title = title.partition(" - ")
    length = tags.length_s
    return TrackInfo(
        track_id=track_id,
        source="file",
        title=tags.title or title,
        artists=tags.artists or ((artist,) if artist else ()),
        album=tags.album or (folders[-1] if len(folders) > 1 else ""),
        isrc=isrc(tags.isrc),
        duration_ms=round(length * 1000) if length and 0 < length < 1e6 else None,
        preview_url=path.as_uri(),
    )


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
