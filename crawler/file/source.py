"""Reads folders of audio files, and single ones. Links are followed as far as their targets may be read."""

import os
from itertools import islice
from pathlib import Path, PurePath
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

from crawler.cutting.cutter import Cutter
from crawler.file.description import described, track_id_of
from crawler.file.passing_over import suffix_of
from crawler.file.walk import Found, Position, Walk
from crawler.formats import SUFFIXES
from crawler.source import PAGE_SIZE, Page, PlaylistEntry
from earshot.errors import InvalidPlaylist, NoPreview, PlaylistNotFound
from earshot.folders import Folders
from earshot.playlists import PlaylistRef
from earshot.reasons import Reason
from earshot.track import TrackInfo


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
        """See `Connected`. The cursor is ``<number of the next entry>:<relative path of the last one, quoted>``."""
        folder = self._folders.allowed(Path(ref.id))
        if folder.is_file():
            return Page((self._one(folder),), None)
        try:
            os.scandir(folder).close()
        except OSError as error:
            raise PlaylistNotFound(
                f"{ref.id} is no folder that can be read: {error.strerror}",
                hint="Give the path of a folder with audio files.",
            ) from None
        number, _, last = (cursor or "0:").partition(":")
        found = list(islice(Walk(folder, self._folders).after(_position(last)), PAGE_SIZE + 1))
        entries = tuple(self._entry(folder, at, int(number) + offset) for offset, at in enumerate(found[:PAGE_SIZE]))
        if len(found) <= PAGE_SIZE:
            return Page(entries, None)
        return Page(
            entries,
            f"{int(number) + PAGE_SIZE}:{quote_from_bytes(os.fsencode(PurePath(*found[PAGE_SIZE - 1].position)))}",
        )

    def place(self, ref: PlaylistRef) -> str:
        """See `Connected`: the folder without links, as a URL."""
        return self._folders.allowed(Path(ref.id)).as_uri()

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

    def _one(self, path: Path) -> PlaylistEntry:
        suffix = suffix_of(path.name)
        if suffix and suffix not in SUFFIXES:
            return PlaylistEntry(0, reason=Reason.UNSUPPORTED_FORMAT, name=path.name, detail=suffix.removeprefix("."))
        return self._entry(path.parent, Found((path.name,)), 0)

    def _entry(self, folder: Path, found: Found, number: int) -> PlaylistEntry:
        relative = Path(*found.position)
        if found.reason:
            return PlaylistEntry(number, reason=found.reason, name=str(relative), detail=found.detail)
        try:
            return PlaylistEntry(number, described(folder / relative, relative), name=str(relative))
        except OSError as error:
            return PlaylistEntry(number, None, Reason.UNREADABLE_FILE, str(relative), error.strerror or "")


def _position(quoted: str) -> Position:
    return Path(os.fsdecode(unquote_to_bytes(quoted))).parts
