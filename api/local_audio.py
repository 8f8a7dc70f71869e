"""Plays crawled files from disk to a browser on the same machine (local stage only), with byte ranges for seeking."""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_PATH = re.compile(r"/tracks/([^/]{1,80})/audio")
_RANGE = re.compile(r"bytes=(\d{1,15})?-(\d{1,15})?")
_CHUNK = 1 << 16
_TYPES = {
    ".mp3": "audio/mpeg",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/wav",
    ".m4a": "audio/mp4",
}


def track_id_in(path: str) -> str | None:
    """The file's track id in the path of an audio request, or None when it asks for something else."""
    match = _PATH.fullmatch(path)
    track_id = unquote(match[1]) if match else ""
    return track_id if track_id.startswith("file:") else None


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


async def send_file(path: Path, request_headers: Mapping[str, str], send: Send, *, with_body: bool) -> None:
    """Answer with the file, or the part of it that was asked for."""
    size = path.stat().st_size
    part = span(request_headers.get("range"), size)
    headers = {
        "content-type": _TYPES.get(path.suffix.lower(), "application/octet-stream"),
        "accept-ranges": "bytes",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'",
    }
    if part is None:
        await _start(send, 416, {**headers, "content-range": f"bytes */{size}", "content-length": "0"})
        await send({"type": "http.response.body", "body": b""})
        return
    headers["content-length"] = str(part.end - part.start)
    if not part.is_whole:
        headers["content-range"] = f"bytes {part.start}-{part.end - 1}/{size}"
    await _start(send, 200 if part.is_whole else 206, headers)
    if with_body:
        for chunk in _read(path, part):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _start(send: Send, status: int, headers: Mapping[str, str]) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})


def _read(path: Path, part: Span) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(part.start)
        left = part.end - part.start
        while left and (chunk := file.read(min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk
