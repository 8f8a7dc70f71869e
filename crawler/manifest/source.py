"""Manifests: lists of tracks, as `earshot.lists` reads them.

Their rows are tracks of other sources, files of this machine, or recordings that are only named.
"""

import hashlib
from pathlib import Path

from crawler.file.description import Read, described, lies_outside, part_described, read
from crawler.formats import SUFFIXES as AUDIO_SUFFIXES
from crawler.manifest.places import Places, file_name
from crawler.source import PAGE_SIZE, ListedEntry, Page, PlaylistEntry
from earshot.errors import InvalidPlaylist, PlaylistNotFound
from earshot.folders import Folders
from earshot.ids import TrackId, source_of
from earshot.lists import MAX_LIST_BYTES, ListedTrack, TrackList, read_list
from earshot.playlists import PASTED, PlaylistRef
from earshot.reasons import Reason
from earshot.sources import SOURCES
from earshot.stores.pasted_lists import PastedLists
from earshot.titles import plain
from earshot.track import TrackInfo
from earshot.web import Downloader

_NAMED_PARTS = 3
"""Of a file's path that say what it is, where its tags do not: artist, album, title."""


class ManifestSource:
    """Reads manifests from allowed folders, over https from allow-listed hosts, and what people have sent.

    Args:
        folders: those whose files may be read.
        downloader: fetches from allow-listed hosts.
        pasted: what people have sent.
    """

    def __init__(self, folders: Folders, downloader: Downloader, pasted: PastedLists) -> None:
        self._folders = folders
        self._downloader = downloader
        self._pasted = pasted
        self._read: tuple[object, TrackList] | None = None

    def read_page(self, ref: PlaylistRef, cursor: str | None) -> Page:
        """See `Connected`. The cursor is the number of the first row."""
        first = int(cursor or 0)
        path = (
            None if ref.id.startswith("https://") or PASTED.fullmatch(ref.id) else self._folders.allowed(Path(ref.id))
        )
        tracks = self._list(ref, path).tracks
        files = _Files(Places(self._folders, path.parent)) if path else None
        page = tracks[first : first + PAGE_SIZE]
        entries = tuple(_entry(first + offset, track, files) for offset, track in enumerate(page))
        return Page(entries, str(first + PAGE_SIZE) if len(tracks) > first + PAGE_SIZE else None)

    def title(self, ref: PlaylistRef) -> str:
        """See `Connected`: the name of a file that was sent, without its form."""
        return Path(self._pasted.get(ref.id)[1]).stem if PASTED.fullmatch(ref.id) else ""

    def _list(self, ref: PlaylistRef, path: Path | None) -> TrackList:
        """The list; the one read last is remembered, since a page is only a part of it."""
        if path is None:
            content, name = self._pasted.get(ref.id) if PASTED.fullmatch(ref.id) else self._downloaded(ref.id)
            return self._remembered((ref.id, hashlib.sha256(content).digest()), content, name)
        try:
            state = path.stat()
            if state.st_size > MAX_LIST_BYTES:
                raise InvalidPlaylist(
                    f"{ref.id} has more than {MAX_LIST_BYTES >> 20} MiB", hint="Cut it into several lists."
                )
            key = (ref.id, state.st_mtime_ns, state.st_size)
            return self._remembered(key, None if self._is_at_hand(key) else path.read_bytes(), ref.id)
        except OSError as error:
            raise PlaylistNotFound(
                f"{ref.id}: {error.strerror}", hint="Give the path of a list, such as a .csv or an .m3u8."
            ) from None

    def _downloaded(self, url: str) -> tuple[bytes, str]:
        return self._downloader.fetch(url), url.partition("?")[0]

    def _is_at_hand(self, key: object) -> bool:
        return self._read is not None and self._read[0] == key

    def _remembered(self, key: object, content: bytes | None, name: str) -> TrackList:
        if self._read is None or self._read[0] != key:
            self._read = key, read_list(content or b"", name)
        return self._read[1]


class _Files:
    """The files that the rows of a page name; one that several share is read once."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._read: dict[Path, Read] = {}

    def named(self, listed: ListedTrack) -> Path | None:
        """The audio file that the row means, if there is one that may be read."""
        path = self._places.find(listed.location) if listed.location else None
        if path is None and listed.is_part:
            path = self._places.find_compressed(listed.location, AUDIO_SUFFIXES)
        return path if path and path.suffix.lower() in AUDIO_SUFFIXES else None

    def entry(self, number: int, listed: ListedTrack, path: Path) -> PlaylistEntry:
        """The entry of the row, which means the file at `path`, or a part of it."""
        try:
            found = self._read.get(path) or read(path)
        except OSError:
            return PlaylistEntry(number, reason=Reason.UNREADABLE_FILE, name=listed.called)
        self._read[path] = found
        of_file = described(found.track_id, found.tags, path, Path(*path.parts[-_NAMED_PARTS:]))
        if not listed.is_part:
            return ListedEntry(number, of_file, name=listed.called, former_id=found.former_id)
        listed_id = TrackId(listed.id) if listed.id else None
        if listed.window is None or lies_outside(of_file, listed.window):
            return ListedEntry(number, _info(listed), Reason.BAD_SHEET, name=listed.called, listed_id=listed_id)
        part = part_described(of_file, listed, listed.window)
        return ListedEntry(number, part, name=listed.called, listed_id=listed_id)


def _entry(number: int, listed: ListedTrack, files: _Files | None) -> PlaylistEntry:
    if not listed.names_a_recording:
        return PlaylistEntry(number, reason=Reason.BAD_ROW, name=listed.called)
    if files and (path := files.named(listed)):
        return files.entry(number, listed, path)
    listed_id = TrackId(listed.id) if listed.id else None
    sought = file_name(listed.location)
    if info := _info(listed):
        unmatched = Reason.PART_OF_FILE if listed.is_part else None
        return ListedEntry(number, info, unmatched, name=listed.called, listed_id=listed_id, sought=sought)
    reason = Reason.NO_TRACK_ID if "://" in listed.location or not listed.location else Reason.FILE_GONE
    return ListedEntry(number, reason=reason, name=listed.called, sought=sought)


def _info(listed: ListedTrack) -> TrackInfo | None:
    track_id = _track_id(listed)
    if track_id is None:
        return None
    return TrackInfo(
        track_id=track_id,
        source=source_of(track_id),
        title=listed.title,
        artists=listed.artists,
        album=listed.album,
        isrc=listed.isrc,
        duration_ms=listed.duration_ms,
        url=listed.url or None,
        artwork_url=listed.artwork_url or None,
        preview_url=_preview_url(listed),
        mbid=listed.mbid,
    )


def _preview_url(listed: ListedTrack) -> str | None:
    """Where the row says that its audio can be had: in a column of that name, or as a file on the web."""
    is_file = (
        listed.location.startswith("https://") and Path(listed.location.partition("?")[0]).suffix in AUDIO_SUFFIXES
    )
    return listed.preview_url or (listed.location if is_file else None)


def _track_id(listed: ListedTrack) -> TrackId | None:
    """The row's own id, or one made from what best names the recording, so that a re-crawl finds the same track."""
    if listed.id and SOURCES[source_of(listed.id)].is_trusted:
        return TrackId(listed.id)
    if listed.isrc:
        name = f"isrc {listed.isrc}"
    elif url := _preview_url(listed):
        name = f"url {url.partition('?')[0]}"
    elif listed.artists and listed.title:
        name = f"song {_words(listed.artists[0])} / {_words(listed.title)}"
    elif listed.mbid:
        name = f"mbid {listed.mbid}"
    else:
        return None
    return TrackId(f"manifest:{hashlib.sha256(name.encode()).hexdigest()[:16]}")


def _words(text: str) -> str:
    """Plain, without any apostrophe: what rows were named by before "l'amour" became two words."""
    return plain(text.replace("'", "").replace("’", ""))
