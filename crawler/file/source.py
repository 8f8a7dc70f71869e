"""Reads folders of audio files, and never follows a link out of the folder."""

import hashlib
import io
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote_to_bytes, urlsplit

import mutagen

from crawler.cutting.cutter import Cutter
from crawler.fields import isrc
from crawler.folders import Folders, without_links
from crawler.formats import HEAD_BYTES, SUFFIXES, starts_like_audio
from crawler.source import PAGE_SIZE, Page, PlaylistEntry
from earshot.errors import InvalidPlaylist, NoPreview, PlaylistNotFound
from earshot.ids import TrackId
from earshot.playlists import PlaylistRef
from earshot.reasons import Reason
from earshot.track import TrackInfo

_NUMBERED = re.compile(r"(?:[0-9]{1,2}[-.])?[0-9]{1,3}(?:[\s._-]+)(?P<title>\S.*)")
_MAX_TEXT = 300
_Position = tuple[str, ...]


class FolderSource:
    """Reads folders, in the order of their paths.

    Args:
        folders: those that may be crawled.
        cutter: takes the middle of long files.
    """

    def __init__(self, folders: Folders, cutter: Cutter) -> None:
        self._folders = folders
        self._cutter = cutter

    def read_page(self, ref: PlaylistRef, cursor: str | None) -> Page:
        """See `Connected`. The cursor is ``<number of the next entry>:<relative path of the last one>``."""
        folder = self._folders.allowed(Path(ref.id))
        try:
            os.scandir(folder).close()
        except OSError as error:
            raise PlaylistNotFound(
                f"{ref.id} is no folder that can be read: {error.strerror}",
                hint="Give the path of a folder with audio files.",
            ) from None
        number, _, last = (cursor or "0:").partition(":")
        after = Path(last).parts
        files = list(islice(_audio_files(folder, after), PAGE_SIZE + 1))
        entries = tuple(
            self._entry(folder, path, int(number) + offset) for offset, path in enumerate(files[:PAGE_SIZE])
        )
        if len(files) <= PAGE_SIZE:
            return Page(entries, None)
        return Page(entries, f"{int(number) + PAGE_SIZE}:{files[PAGE_SIZE - 1].relative_to(folder)}")

    def clip(self, info: TrackInfo, *, max_bytes: int) -> bytes:
        """The audio of the track that was crawled from a file.

        Raises:
            NoPreview: `file_gone`, `forbidden_folder` (outside the allowed roots), `file_changed` (it no longer has the
                content that named the track).
            AudioRejected, DecoderCrashed, DecoderUnavailable: see `Cutter.clip`.
        """
        try:
            path = self._folders.allowed(Path(os.fsdecode(unquote_to_bytes(urlsplit(info.preview_url or "").path))))
        except InvalidPlaylist as error:
            raise NoPreview(error.message, reason=Reason.FORBIDDEN_FOLDER, hint=error.hint) from None
        try:
            with path.open("rb") as file:
                if track_id_of(file) != info.track_id:
                    raise NoPreview(f"{path} has changed since it was crawled", reason=Reason.FILE_CHANGED)
                return self._cutter.clip(file, max_bytes=max_bytes)
        except OSError as error:
            raise NoPreview(f"{path}: {error.strerror}", reason=Reason.FILE_GONE) from None

    def _entry(self, folder: Path, path: Path, number: int) -> PlaylistEntry:
        try:
            with path.open("rb") as file:
                track_id = track_id_of(file)
                tags = _tags(file)
        except OSError:
            return PlaylistEntry(number, reason=Reason.UNREADABLE_FILE)
        return PlaylistEntry(number, _info(track_id, path, path.relative_to(folder), tags))


def track_id_of(file: io.BufferedReader) -> TrackId:
    """``file:`` and the first 16 hex digits of the SHA-256 of the file, read in blocks."""
    file.seek(0)
    return TrackId(f"file:{hashlib.file_digest(file, 'sha256').hexdigest()[:16]}")


def _audio_files(folder: Path, after: _Position) -> Iterator[Path]:
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
