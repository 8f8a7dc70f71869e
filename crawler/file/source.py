"""Reads folders of audio files, and never follows a link out of the folder."""

import os
from itertools import islice
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from crawler.cutting.cutter import Cutter
from crawler.file.description import described, track_id_of
from crawler.file.walk import audio_files
from crawler.folders import Folders
from crawler.source import PAGE_SIZE, Page, PlaylistEntry
from earshot.errors import InvalidPlaylist, NoPreview, PlaylistNotFound
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
        files = list(islice(audio_files(folder, after), PAGE_SIZE + 1))
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
            return PlaylistEntry(number, described(path, path.relative_to(folder)))
        except OSError:
            return PlaylistEntry(number, reason=Reason.UNREADABLE_FILE)
