"""Plays crawled files from disk to a browser on the same machine (local stage only), with byte ranges for seeking."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote, urlsplit

from api.one_machine.protocol import Send
from earshot.containers.identity import names_file
from earshot.errors import InvalidTrackId, NotPlayable, TrackNotFound
from earshot.ids import TrackId, parse_track_id, source_of
from earshot.stores.tracks_table import TracksTable
from earshot.windows import Window

_PATH = re.compile(r"/tracks/([^/]{1,80})/audio")
_RANGE = re.compile(r"bytes=(\d{1,15})?-(\d{1,15})?")
_CHUNK = 1 << 16
WINDOW_HEADER = "earshot-window"
AUDIO_TYPES = {
    ".mp3": "audio/mpeg",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/wav",
    ".m4a": "audio/mp4",
    ".m4b": "audio/mp4",
    ".mp4": "audio/mp4",
    ".aac": "audio/aac",
    ".webm": "audio/webm",
    ".mka": "audio/x-matroska",
}


def file_in(path: str) -> TrackId | None:
    """The file's track id in the path of an audio request, or None when it asks for something else."""
    match = _PATH.fullmatch(path)
    if not match:
        return None
    try:
        track_id = parse_track_id(unquote(match[1]))
    except InvalidTrackId:
        return None
    return track_id if source_of(track_id) == "file" else None


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file on this machine, and which window of it the track is; None: all of it."""

    path: Path
    window: Window | None = None


def own_file(tracks: TracksTable, track_id: TrackId) -> OwnFile:
    """The file on this machine that was crawled as `track_id`, or as the file that holds it. Nothing else is served.

    Raises:
        TrackNotFound: nobody crawled it.
        NotPlayable: it is no file, or the file is gone or has changed since.
    """
    found = tracks.get(track_id)
    if found is None:
        raise TrackNotFound(f"no track {track_id}")
    parts = urlsplit(found.info.preview_url or "")
    path, window = Path(unquote(parts.path)), Window.of_url(found.info.preview_url)
    try:
        if parts.scheme == "file" and path.is_file():
            state = path.stat()
            if _is_in(path, state.st_size, state.st_mtime_ns, found.track_id, window):
                return OwnFile(path, window)
    except (OSError, ValueError):  # unreadable, or a name that no file can have
        pass
    raise NotPlayable(f"the file of track {track_id} is not where it was crawled")


@lru_cache(maxsize=256)
def _is_in(path: Path, _size: int, _modified: int, track_id: TrackId, window: Window | None) -> bool:
    with path.open("rb") as file:
        return names_file(track_id, file, window)


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes `start` to `end` (exclusive) of a file of `size` bytes."""

    start: int
    end: int
    size: int

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole file."""
        return self.end - self.start == self.size


def span(header: str | None, size: int) -> Span | None:
    """The part that a Range header asks for (RFC 9110, one range); the whole for other headers; None: impossible."""
    match = _RANGE.fullmatch(header or "")
    if not match or not (match[1] or match[2]):
        return Span(0, size, size)
    if not match[1]:
        length = min(int(match[2]), size)
        return Span(size - length, size, size) if length else None
    start = int(match[1])
    end = min(int(match[2]) + 1 if match[2] else size, size)
    return Span(start, end, size) if start < end else None


async def send_file(own: OwnFile, request_headers: Mapping[str, str], send: Send, *, with_body: bool) -> None:
    """Answer with the file, or the bytes of it that were asked for.

    Of a window, too, the whole file goes out: a header says what of it is the track, as a fragment of the file's URL
    says it to browsers.
    """
    path = own.path
    size = path.stat().st_size
    part = span(request_headers.get("range"), size)
    headers = {
        "content-type": AUDIO_TYPES.get(path.suffix.lower(), "application/octet-stream"),
        "accept-ranges": "bytes",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'",
    }
    if own.window:
        headers[WINDOW_HEADER] = own.window.fragment
    if part is None:
        headers |= {"content-range": f"bytes */{size}", "content-length": "0"}
        await _start(send, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers)
        await send({"type": "http.response.body", "body": b""})
        return
    headers["content-length"] = str(part.end - part.start)
    if not part.is_whole:
        headers["content-range"] = f"bytes {part.start}-{part.end - 1}/{size}"
    await _start(send, HTTPStatus.OK if part.is_whole else HTTPStatus.PARTIAL_CONTENT, headers)
    if with_body:
        for chunk in _read(path, part):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _start(send: Send, status: HTTPStatus, headers: Mapping[str, str]) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status.value, "headers": raw})


def _read(path: Path, part: Span) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(part.start)
        left = part.end - part.start
        while left and (chunk := file.read(min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk
