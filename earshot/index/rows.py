"""What an index segment keeps of a track besides its vectors: one JSON line per row.

The line holds everything the tracks table knows but the two vectors, so that a lost table can be restored from the
index. Sixteen lines share one gzip member: `zcat` reads the file, and a reader can still fetch one row of a million
without holding the rest in memory.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np
import numpy.typing as npt

from earshot.track import Status, Tag, Track, TrackInfo

BLOCK_ROWS = 16
"""Rows per gzip member: decompressing one costs about 20 µs; larger ones save few bytes and cost each result more."""

_INFO = tuple(field.name for field in fields(TrackInfo))
_STATE = ("model", "provider", "preview_at")


@dataclass(frozen=True, slots=True)
class IndexedTrack:
    """What a search result shows of a track."""

    track_id: str
    source: str
    title: str
    artists: tuple[str, ...]
    album: str
    isrc: str | None
    duration_ms: int | None
    url: str | None
    artwork_url: str | None
    tags: tuple[Tag, ...]

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """The track in a line as `track_to_line` wrote it."""
        data = json.loads(line)
        return cls(
            track_id=data["track_id"],
            source=data["source"],
            title=data["title"],
            artists=tuple(data["artists"]),
            album=data["album"],
            isrc=data["isrc"],
            duration_ms=data["duration_ms"],
            url=data["url"],
            artwork_url=data["artwork_url"],
            tags=tuple(Tag(name, probability) for name, probability in data["tags"]),
        )


def track_to_line(track: Track) -> bytes:
    """All that makes up `track` but its vectors, as JSON without a line break. Equal tracks give equal bytes."""
    data: dict[str, Any] = asdict(track.info) | {name: getattr(track, name) for name in _STATE}
    data["tags"] = [[tag.name, tag.probability] for tag in track.tags]
    return json.dumps(data, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()


def track_from_line(line: bytes, embedding: bytes, drift: bytes) -> Track:
    """The track as the table held it when the row was written."""
    data = json.loads(line)
    info = {name: data[name] for name in _INFO} | {"artists": tuple(data["artists"])}
    return Track(
        info=TrackInfo(**info),
        status=Status.READY,
        embedding=embedding,
        drift=drift,
        tags=tuple(Tag(name, probability) for name, probability in data["tags"]),
        **{name: data[name] for name in _STATE},
    )


def fingerprint(line: bytes, vectors: bytes) -> int:
    """64 bits of all that is known of a row (`vectors`: embedding, then drift): equal means nothing changed."""
    return int.from_bytes(hashlib.blake2b(line + b"\n" + vectors, digest_size=8).digest(), "little")


def write_lines(lines: Iterable[bytes], to: BinaryIO) -> npt.NDArray[np.uint64]:
    """Write `lines` in gzip members of `BLOCK_ROWS`; returns the byte offsets of the members and of the end."""
    offsets = [0]
    block: list[bytes] = []
    for line in lines:
        block.append(line)
        if len(block) == BLOCK_ROWS:
            offsets.append(offsets[-1] + _write_block(block, to))
            block = []
    if block:
        offsets.append(offsets[-1] + _write_block(block, to))
    return np.asarray(offsets, np.uint64)


def _write_block(block: list[bytes], to: BinaryIO) -> int:
    return to.write(gzip.compress(b"\n".join(block) + b"\n", compresslevel=6, mtime=0))


class Lines:
    """The lines of a segment by row number, read from the file as needed.

    Args:
        path: the `tracks.jsonl.gz` of a segment.
        offsets: its `blocks.npy`.
    """

    def __init__(self, path: Path, offsets: npt.NDArray[np.uint64]) -> None:
        self._data = np.memmap(path, np.uint8, mode="r") if path.stat().st_size else np.zeros(0, np.uint8)
        self._offsets = offsets

    def __getitem__(self, row: int) -> bytes:
        return self._block(row // BLOCK_ROWS)[row % BLOCK_ROWS]

    def read(self, rows: Iterable[int]) -> Iterator[bytes]:
        """Lines of ascending `rows`, each block decompressed once."""
        current, block = -1, [b""]
        for row in rows:
            if row // BLOCK_ROWS != current:
                current = row // BLOCK_ROWS
                block = self._block(current)
            yield block[row % BLOCK_ROWS]

    def _block(self, number: int) -> list[bytes]:
        start, end = int(self._offsets[number]), int(self._offsets[number + 1])
        return zlib.decompress(self._data[start:end].data, wbits=31).split(b"\n")
