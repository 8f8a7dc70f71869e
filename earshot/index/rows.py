"""What an index segment keeps of a track besides its vectors: one JSON line per row.

The line holds everything the tracks table knows but the two vectors, so that a lost table can be restored from the
index. Each line is deflated by itself with a sample of the segment's lines as preset dictionary: as small as sixteen
lines in one gzip member (150 bytes instead of 600), and a reader fetches one row of a million in 3 µs instead of 25.
"""

import hashlib
import json
import mmap
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice, starmap
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np
import numpy.typing as npt
from pydantic_core import from_json

from earshot.descriptors import Descriptors
from earshot.facts import Facts, known, learned_rows
from earshot.track import Row, Status, Tag, Track, TrackInfo, descriptors_in, info_values

LINES = "tracks.bin"
"""The dictionary, then the deflated lines in row order."""
OFFSETS = "offsets.npy"
"""(n + 1,) uint64: where each line begins in the above, and where the last one ends."""

_SAMPLE_ROWS, _SAMPLE_ROWS_OF_MANY, _MANY = 16, 64, 64_000
_SAMPLE_BYTES_PER_ROW = 250
_LEVEL = 9
_RAW_DEFLATE = -15
_STATE = ("model", "provider", "preview_at", "version_of")


@dataclass(frozen=True, slots=True)
class IndexedTrack(TrackInfo):
    """What a search result shows of a track; `preview_url` is not for showing."""

    tags: tuple[Tag, ...] = ()
    descriptors: Descriptors | None = None

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """The track in a line as `track_to_line` wrote it."""
        return cls.from_row(row_in(line))

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """Inverse of `to_row`; of a row as `row_in` gives it what is shown (`earshot.facts.known`)."""
        row = known(row)
        return cls(*[*info_values(row), tuple(starmap(Tag, row.get("tags", ()))), descriptors_in(row)])

    def to_row(self) -> dict[str, object]:
        """What is known, tags and descriptors included."""
        row: dict[str, object] = dict(TrackInfo.to_row(self))
        if self.tags:
            row["tags"] = [list(tag) for tag in self.tags]
        if self.descriptors:
            row["descriptors"] = self.descriptors.to_row()
        return row


def row_in(line: bytes) -> Row:
    """What a line as `track_to_line` wrote it says, by field."""
    data: dict[str, Any] = from_json(line, cache_strings=False)  # twice as fast as json.loads
    return data


def track_to_line(track: Track) -> bytes:
    """All that makes up `track` but its vectors, as JSON without a line break. Equal tracks give equal bytes.

    What is unknown is left out.
    """
    row = {"track_id": track.track_id, "source": track.info.source, **track.info.to_row()}
    row |= {name: value for name in _STATE if (value := getattr(track, name))}
    if track.tags:
        row["tags"] = [[tag.name, tag.probability] for tag in track.tags]
    if track.descriptors:
        row["descriptors"] = track.descriptors.to_row()
    if said := {provider: one for provider, one in track.learned.items() if one.facts != Facts()}:
        row["facts"] = learned_rows(said)
    return json.dumps(row, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()


def track_from_line(line: bytes, embedding: bytes, drift: bytes) -> Track:
    """The track as the table held it when the row was written."""
    return Track.from_row({**row_in(line), "status": Status.READY, "embedding": embedding, "drift": drift})


def fingerprint(line: bytes, vectors: bytes) -> int:
    """64 bits of all that is known of a row (`vectors`: embedding, then drift): equal means nothing changed."""
    return int.from_bytes(hashlib.blake2b(line + b"\n" + vectors, digest_size=8).digest(), "little")


def write_lines(lines: Iterable[bytes], to: BinaryIO, rows: int = 0) -> npt.NDArray[np.uint64]:
    """Write `lines` as `LINES`; returns the `OFFSETS`. `rows`: about how many; a larger sample pays where it is shared
    by many."""
    lines, size = iter(lines), _SAMPLE_ROWS if rows < _MANY else _SAMPLE_ROWS_OF_MANY
    sample = list(islice(lines, size))
    dictionary = b"\n".join(sample)[-_SAMPLE_BYTES_PER_ROW * size :]
    offsets = [to.write(dictionary)]
    for line in chain(sample, lines):
        deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW_DEFLATE, 8, zlib.Z_DEFAULT_STRATEGY, dictionary)
        offsets.append(offsets[-1] + to.write(deflate.compress(line) + deflate.flush()))
    return np.asarray(offsets, np.uint64)


class Lines:
    """The lines of a segment by row number, read from the file as needed.

    Args:
        path: the segment's `LINES`.
        offsets: its `OFFSETS`.
    """

    def __init__(self, path: Path, offsets: npt.NDArray[np.uint64]) -> None:
        with path.open("rb") as file:
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else b""
        self._offsets = offsets
        self._dictionary = self._data[: int(offsets[0])]

    def __getitem__(self, row: int) -> bytes:
        deflated = self._data[int(self._offsets[row]) : int(self._offsets[row + 1])]
        return zlib.decompressobj(_RAW_DEFLATE, zdict=self._dictionary).decompress(deflated)

    def read(self, rows: Iterable[int]) -> Iterator[bytes]:
        """Lines of `rows`."""
        return map(self.__getitem__, rows)
