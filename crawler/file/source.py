"""Reads folders of audio files, and single ones. Links are followed as far as their targets may be read."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path, PurePath
from typing import BinaryIO
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

from crawler.cutting.cutter import Cutter
from crawler.file.description import described, lies_outside, part_described, read
from crawler.file.folder_pictures import FolderPictures
from crawler.file.memory import Known, Memory, State
from crawler.file.passing_over import suffix_of
from crawler.file.sheets import Parts, parts_inside
from crawler.file.tags import Tags, picture_in
from crawler.file.walk import Found, Position, Walk, part_name
from crawler.formats import SUFFIXES
from crawler.source import PAGE_SIZE, Page, PlaylistEntry
from earshot.clock import now_iso
from earshot.containers.identity import names_file
from earshot.covers import cover_of
from earshot.errors import InvalidPlaylist, NoPreview, PlaylistNotFound, ProviderRefused
from earshot.folders import Folders
from earshot.hearing import hearing_version
from earshot.ids import TrackId
from earshot.lists import ListedTrack
from earshot.playlists import PlaylistRef
from earshot.reasons import Reason
from earshot.track import NO_COVER, TrackInfo
from earshot.windows import Window

_MOST_ENTRIES = 500
"""Of a page; of these, no more files are opened than other sources have entries."""


class FolderSource:
    """Reads folders, in the order of their paths.

    Args:
        folders: those that may be crawled.
        cutter: takes the middle of long files.
        memory: what is known of files that have not changed.
        model: the network that hears them.
    """

    def __init__(self, folders: Folders, cutter: Cutter, memory: Memory, model: str) -> None:
        self._folders = folders
        self._cutter = cutter
        self._memory = memory
        self._pictures = FolderPictures(folders)
        self._heard_by = f"{model} {hearing_version()}"

    def read_page(self, ref: PlaylistRef, cursor: str | None) -> Page:
        """See `Connected`. The cursor is ``<number of the next entry>:<relative path of the last one, quoted>``."""
        folder = self._folders.allowed(Path(ref.id))
        number, _, last = (cursor or "0:").partition(":")
        if folder.is_file():
            if refused := _refused(folder):
                return Page((refused,), None)
            folder, name = folder.parent, folder.name
            walk = Walk(folder, self._folders).file(name, _position(last))
        else:
            _require_readable(folder, ref)
            walk = Walk(folder, self._folders).after(_position(last))
        found = list(islice(walk, _MOST_ENTRIES + 1))
        entries, taken = self._entries(folder, found[:_MOST_ENTRIES], int(number))
        if taken == len(found):
            return Page(entries, None)
        reached = PurePath(*found[taken - 1].position)
        return Page(entries, f"{int(number) + len(entries)}:{quote_from_bytes(os.fsencode(reached))}")

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
        window = Window.of_url(info.preview_url)
        try:
            path = self._folders.allowed(_path_of(info))
        except InvalidPlaylist as error:
            raise NoPreview(error.message, reason=Reason.FORBIDDEN_FOLDER, hint=error.hint) from None
        try:
            with path.open("rb") as file:
                if not self._is_in(path, file, info.track_id, window):
                    raise NoPreview(f"{path} has changed since it was crawled", reason=Reason.FILE_CHANGED)
                return self._cutter.clip(file, max_bytes=max_bytes, window=window)
        except OSError as error:
            raise NoPreview(f"{path}: {error.strerror}", reason=Reason.FILE_GONE) from None

    def pictures(self, info: TrackInfo) -> Iterator[bytes]:
        """See `Connected`: the picture in the file, then the one beside it.

        Raises:
            ProviderRefused: the file cannot be read now.
        """
        try:
            path = self._folders.allowed(_path_of(info))
            with path.open("rb") as file:
                inside = picture_in(file)
        except (OSError, InvalidPlaylist) as error:
            raise ProviderRefused(f"the file of {info.track_id} cannot be read: {error}") from None
        for picture in (inside, self._pictures.read(_path_of(info).parent)):
            if picture:
                yield picture

    def _is_in(self, path: Path, file: BinaryIO, track_id: TrackId, window: Window | None) -> bool:
        """Whether the file holds the track. An album in one file is not read again for each of its tracks."""
        known = self._memory.recall([path]).get(path) if window else None
        if window and known and known.state == State.of(os.fstat(file.fileno())):
            return track_id == window.track_id(known.track_id)
        return names_file(track_id, file, window)

    def _entries(self, folder: Path, found: Sequence[Found], number: int) -> tuple[tuple[PlaylistEntry, ...], int]:
        """The entries of what was found, numbered from `number` on, and of how much of it they are.

        Files that are as they were are not opened. A page ends before the file that would be one too many to open: they
        are many only where they cost little. It ends behind the file of which it is full: a sheet in it makes many.
        """
        paths = [folder.joinpath(*one.file) for one in found]
        before = self._memory.recall(path for path, one in zip(paths, found, strict=True) if not one.reason)
        now: dict[Path, Known] = {}
        closed: dict[Path, str] = {}
        opened = 0
        for at, (path, one) in enumerate(zip(paths, found, strict=True)):
            if one.reason or path in now or path in closed:
                continue
            try:
                known = self._as_it_was(path, before.get(path))
                if known is None and opened == PAGE_SIZE:
                    found = found[:at]
                    break
                opened += known is None
                now[path] = known or self._known(path)
            except OSError as error:
                closed[path] = error.strerror or ""
        self._memory.remember({path: known for path, known in now.items() if known is not before.get(path)})
        places = self._memory.places({known.track_id for known in now.values()})
        beside = cache(self._pictures.called)
        entries: list[PlaylistEntry] = []
        for taken, (path, one) in enumerate(zip(paths, found, strict=False)):
            if len(entries) >= _MOST_ENTRIES:
                return tuple(entries), taken
            at, name = number + len(entries), "/".join(one.position)
            if one.reason:
                entry = PlaylistEntry(at, reason=one.reason, name=name, detail=one.detail)
            elif known := now.get(path):
                shown = _shown(folder, path, places.get(known.track_id, ()))
                tags = known.tags if shown == path else self._tags(shown, known)
                relative = shown.relative_to(folder)
                cover_id = _cover_id(tags.picture, beside(shown.parent))
                info = described(known.track_id, tags, shown, relative, cover_id=cover_id)
                former_id = known.former_id if known.former_id != known.track_id else None
                entry = PlaylistEntry(at, info, name=name, former_id=former_id, heard_since=known.heard_since)
                if inside := parts_inside(tags.sheet) if tags.sheet and not one.part else ():
                    entries += _parts_of(entry, info, inside)
                    continue
                entry = _parted(entry, info, one.part) if one.part else entry
            else:
                entry = PlaylistEntry(at, reason=Reason.UNREADABLE_FILE, name=name, detail=closed[path])
            entries.append(entry)
        return tuple(entries), len(found)

    def _as_it_was(self, path: Path, before: Known | None) -> Known | None:
        """What is known of the file; None: it is another one than `before`.

        Raises:
            OSError: it is not there.
        """
        if before is None or before.state != State.of(path.stat()):
            return None
        is_heard_as_before = before.heard_by == self._heard_by
        return before if is_heard_as_before else replace(before, heard_by=self._heard_by, heard_since=now_iso())

    def _known(self, path: Path) -> Known:
        """The file as it is now.

        Raises:
            OSError: it cannot be read.
        """
        state = State.of(path.stat())
        found = read(path)
        return Known(state, found.track_id, found.former_id, found.tags, self._heard_by, now_iso())

    def _tags(self, shown: Path, known: Known) -> Tags:
        """Of the file that stands for a track: the one at `shown`, which may be a copy of the `known` one."""
        there = self._memory.recall([shown]).get(shown)
        return there.tags if there is not None and there.track_id == known.track_id else known.tags


def _cover_id(*pictures: str | None) -> str:
    """What the cover is called that these pictures make, the best first."""
    names = [*filter(None, pictures)]
    return cover_of(" ".join(names).encode()) if names else NO_COVER


def _refused(path: Path) -> PlaylistEntry | None:
    """The one entry of a file that is not heard by its suffix."""
    suffix = suffix_of(path.name)
    if not suffix or suffix in SUFFIXES:
        return None
    return PlaylistEntry(0, reason=Reason.UNSUPPORTED_FORMAT, name=path.name, detail=suffix.removeprefix("."))


def _require_readable(folder: Path, ref: PlaylistRef) -> None:
    """Raises PlaylistNotFound."""
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise PlaylistNotFound(
            f"{ref.id} is no folder that can be read: {error.strerror}",
            hint="Give the path of a folder with audio files.",
        ) from None


def _parts_of(entry: PlaylistEntry, whole: TrackInfo, parts: Parts) -> Iterator[PlaylistEntry]:
    """The entries of what the sheet in a file makes of it; they are called as if it lay beside the file."""
    for number, part in enumerate(parts):
        name = f"{entry.name}/{part_name(number + 1)}"
        yield _parted(replace(entry, number=entry.number + number, name=name), whole, part)


def _parted(entry: PlaylistEntry, whole: TrackInfo, part: ListedTrack) -> PlaylistEntry:
    """The entry of a part of the file that `entry` is."""
    if part.window is None or lies_outside(whole, part.window):
        return PlaylistEntry(entry.number, reason=Reason.BAD_SHEET, name=entry.name, detail=part.title)
    return replace(entry, info=part_described(whole, part, part.window), former_id=None)


def _shown(folder: Path, path: Path, places: Sequence[Path]) -> Path:
    """Which of the files with the same audio describes the track: the first that is still there in the folder."""
    return next(
        (place for place in places if place == path or (place.is_relative_to(folder) and place.is_file())), path
    )


def _path_of(info: TrackInfo) -> Path:
    return Path(os.fsdecode(unquote_to_bytes(urlsplit(info.preview_url or "").path)))


def _position(quoted: str) -> Position:
    return Path(os.fsdecode(unquote_to_bytes(quoted))).parts
