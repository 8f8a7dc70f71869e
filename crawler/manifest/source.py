"""Manifests: plain lists of tracks as CSV (with a header) or JSON lines.

Columns or keys: ``title``, ``artist`` (several joined by ``;``, or a JSON list), ``album``, ``isrc``, ``duration_ms``,
``url``, ``artwork_url``, ``preview_url`` (or ``preview``), and ``id`` for a track id of a known source. A row needs an
id, an ISRC, a preview URL, or artist and title.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TextIO

from crawler.folders import Folders
from crawler.source import PAGE_SIZE, Page, PlaylistEntry
from earshot.errors import InvalidPlaylist, InvalidTrackId, PlaylistNotFound
from earshot.fields import isrc, rows, text, url, whole
from earshot.ids import TrackId, parse_track_id, source_of
from earshot.playlists import PlaylistRef
from earshot.reasons import Reason
from earshot.recordings import plain
from earshot.sources import SOURCES
from earshot.track import TrackInfo
from earshot.web import Downloader

_MAX_LINE = 64 * 1024


class ManifestSource:
    """Reads manifests from allowed folders and, over https, from allow-listed hosts.

    Args:
        folders: those whose files may be read.
        downloader: fetches from allow-listed hosts.
    """

    def __init__(self, folders: Folders, downloader: Downloader) -> None:
        self._folders = folders
        self._downloader = downloader

    def read_page(self, ref: PlaylistRef, cursor: str | None) -> Page:
        """See `Connected`. The cursor is the number of the first row."""
        first = int(cursor or 0)
        name = ref.id.partition("?")[0].lower()
        with self._open(ref) as file:
            try:
                read = _csv_rows(file) if name.endswith(".csv") else _json_rows(file)
                found = list(islice(read, first, first + PAGE_SIZE + 1))
            except (csv.Error, UnicodeDecodeError) as error:
                raise InvalidPlaylist(f"{ref.id} cannot be read: {error}", hint="Save it as UTF-8.") from None
        entries = tuple(_entry(first + position, row) for position, row in enumerate(found[:PAGE_SIZE]))
        return Page(entries, str(first + PAGE_SIZE) if len(found) > PAGE_SIZE else None)

    @contextmanager
    def _open(self, ref: PlaylistRef) -> Iterator[TextIO]:
        if ref.id.startswith("https://"):
            yield io.TextIOWrapper(io.BytesIO(self._downloader.fetch(ref.id)), encoding="utf-8-sig", newline="")
            return
        path = self._folders.allowed(Path(ref.id))
        try:
            file = path.open(encoding="utf-8-sig", newline="")
        except OSError as error:
            raise PlaylistNotFound(f"{ref.id}: {error.strerror}", hint="Give the path of a .csv or .jsonl.") from None
        with file:
            yield file


def _csv_rows(file: TextIO) -> Iterator[object]:
    csv.field_size_limit(_MAX_LINE)
    for row in csv.DictReader(file):
        yield {name.strip().lower(): value for name, value in row.items() if isinstance(name, str)}


def _json_rows(file: TextIO) -> Iterator[object]:
    while line := file.readline(_MAX_LINE):
        if line.strip():
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                yield None


def _entry(number: int, row: object) -> PlaylistEntry:
    info = _info(row) if isinstance(row, Mapping) else None
    return PlaylistEntry(number, info) if info else PlaylistEntry(number, reason=Reason.BAD_ROW)


def _info(row: Mapping[str, object]) -> TrackInfo | None:
    artists = [text(artist) for artist in rows(row, "artist") or text(row, "artist").split(";")]
    artists = [artist.strip() for artist in artists if artist.strip()]
    code = isrc(row, "isrc")
    preview_url = url(row, "preview_url") or url(row, "preview")
    title = text(row, "title")
    try:
        track_id = _track_id(text(row, "id"), code, preview_url, artists, title)
    except InvalidTrackId:
        return None
    if track_id is None:
        return None
    return TrackInfo(
        track_id=track_id,
        source=source_of(track_id),
        title=title,
        artists=tuple(artists),
        album=text(row, "album"),
        isrc=code,
        duration_ms=whole(row, "duration_ms"),
        url=url(row, "url"),
        artwork_url=url(row, "artwork_url"),
        preview_url=preview_url,
    )


def _track_id(given: str, isrc: str | None, preview_url: str | None, artists: list[str], title: str) -> TrackId | None:
    """The row's own id, or one made from what best names the recording, so that a re-crawl finds the same track."""
    if given:
        track_id = parse_track_id(given)
        return track_id if SOURCES[source_of(track_id)].is_trusted else None
    if isrc:
        name = f"isrc {isrc}"
    elif preview_url:
        name = f"url {preview_url.partition('?')[0]}"
    elif artists and title:
        name = f"song {_words(artists[0])} / {_words(title)}"
    else:
        return None
    return TrackId(f"manifest:{hashlib.sha256(name.encode()).hexdigest()[:16]}")


def _words(text: str) -> str:
    """Plain, without any apostrophe: what rows were named by before "l'amour" became two words."""
    return plain(text.replace("'", "").replace("’", ""))
