"""Rows on their way into a segment: fresh from the table, or out of segments that exist."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from earshot.embedding import Embedding
from earshot.errors import DamagedIndex, InvalidInput
from earshot.ids import TrackId
from earshot.index.arrays import ONE_HEADER_AT_A_TIME, Ids, Raw, RowNumbers, mapped
from earshot.index.cache import SegmentCache
from earshot.index.layout import Positions
from earshot.index.manifest import SegmentEntry
from earshot.index.rows import LINES, OFFSETS, Lines, fingerprint, track_to_line
from earshot.index.segment import IDS, MAP
from earshot.networks import Network
from earshot.track import Track

RAW, FINGERPRINTS = "raw.npy", "fingerprints.npy"
CHUNK_ROWS = 8192


class RowSource(Protocol):
    """Rows in ascending order of `ids`."""

    @property
    def ids(self) -> Ids:
        """Track ids (n,)."""

    @property
    def fingerprints(self) -> npt.NDArray[np.uint64]:
        """Of each row (n,)."""

    def raw(self, which: RowNumbers) -> Raw:
        """The vectors of ascending `which`, counted within this source."""

    def lines(self, which: RowNumbers) -> Iterator[bytes]:
        """The lines of ascending `which`."""

    def positions(self) -> Positions | None:
        """Where the rows lay on the map of the version before, if they did."""


@dataclass(frozen=True, slots=True)
class FreshRow:
    """A track as it is to stand in the index."""

    track_id: TrackId
    line: bytes
    vectors: bytes
    """Embedding, then drift, little-endian float16."""

    @property
    def fingerprint(self) -> int:
        """See `earshot.index.rows.fingerprint`."""
        return fingerprint(self.line, self.vectors)


def fresh_row(track: Track, network: Network) -> FreshRow:
    """The row of a track that has an embedding.

    Raises:
        InvalidInput: the embedding is not one of `network`.
        AudioRejected: the embedding is not finite.
    """
    if track.embedding is None or track.drift is None:
        raise InvalidInput(f"track {track.track_id} has no embedding")
    embedding = Embedding.from_bytes(track.embedding, track.drift)
    if embedding.embedding.shape != (network.dimensions,):
        raise InvalidInput(
            f"the embedding of track {track.track_id} has {embedding.embedding.size} numbers, "
            f"{network.name} gives {network.dimensions}",
            hint="Extract it again: delete the track's embedding and run make extract.",
        )
    return FreshRow(track.track_id, track_to_line(track), track.embedding + track.drift)


class FreshRows:
    """Rows held in memory."""

    def __init__(self, rows: Iterable[FreshRow], raw_dim: int) -> None:
        self._rows = sorted(rows, key=lambda row: row.track_id.encode())
        self._raw_dim = raw_dim
        self.ids: Ids = np.array([row.track_id.encode() for row in self._rows] or np.zeros(0, "S1"))
        self.fingerprints = np.array([row.fingerprint for row in self._rows], np.uint64)

    def raw(self, which: RowNumbers) -> Raw:
        """See `RowSource`."""
        joined = b"".join(self._rows[row].vectors for row in which.tolist())
        return np.frombuffer(joined, "<f2").reshape(len(which), 2, self._raw_dim)

    def lines(self, which: RowNumbers) -> Iterator[bytes]:
        """See `RowSource`."""
        return (self._rows[row].line for row in which.tolist())

    def positions(self) -> Positions | None:
        """See `RowSource`: new tracks have none."""
        return None


class StoredRows:
    """Rows in the files of a segment. Only the files that are asked for are fetched.

    Args:
        path: gives the local path of the segment's file of that name.
        rows: the ascending numbers of the rows that count.
        has_map: whether the segment has a map.
    """

    def __init__(self, path: Callable[[str], Path], rows: RowNumbers, *, has_map: bool = False) -> None:
        self._path = path
        self._rows = rows
        self._has_map = has_map

    @classmethod
    def living(cls, cache: SegmentCache, entry: SegmentEntry) -> Self:
        """The rows of a segment that are not dead."""
        alive = np.delete(np.arange(entry.rows), entry.dead)
        return cls(partial(cache.fetch, entry), alive, has_map=MAP in entry.objects)

    @classmethod
    def at(cls, cache: SegmentCache, entry: SegmentEntry, rows: list[int]) -> Self:
        """Chosen rows of a segment, ascending."""
        return cls(partial(cache.fetch, entry), np.array(rows, np.intp))

    def without(self, rows: RowNumbers) -> Self:
        """The same without `rows`, counted within this source."""
        return type(self)(self._path, np.delete(self._rows, rows), has_map=self._has_map)

    def __len__(self) -> int:
        return len(self._rows)

    def all_lines(self) -> Iterator[bytes]:
        """The line of every row."""
        return self.lines(np.arange(len(self._rows)))

    def all_raw(self) -> Raw:
        """The vectors of every row."""
        return self.raw(np.arange(len(self._rows)))

    @property
    def ids(self) -> Ids:
        """See `RowSource`."""
        return mapped(self._path(IDS), np.bytes_)[self._rows]

    @property
    def fingerprints(self) -> npt.NDArray[np.uint64]:
        """See `RowSource`."""
        return mapped(self._path(FINGERPRINTS), np.uint64)[self._rows]

    def raw(self, which: RowNumbers) -> Raw:
        """See `RowSource`. Mapped for this call only: the pages read do not add up to gigabytes during a merge."""
        return mapped(self._path(RAW), np.float16)[self._rows[which]]

    def lines(self, which: RowNumbers) -> Iterator[bytes]:
        """See `RowSource`."""
        with ONE_HEADER_AT_A_TIME:
            offsets = np.load(self._path(OFFSETS), allow_pickle=False)
        return Lines(self._path(LINES), offsets).read(self._rows[which].tolist())

    def positions(self) -> Positions | None:
        """See `RowSource`."""
        return mapped(self._path(MAP), np.float32)[self._rows] if self._has_map else None


class MergedRows:
    """Several sources as one, in ascending order of ids.

    Raises:
        DamagedIndex: a track is in two of them.
    """

    def __init__(self, sources: Sequence[RowSource], raw_dim: int) -> None:
        self.raw_dim = raw_dim
        self._sources = [source for source in sources if len(source.ids)]
        ids = [source.ids for source in self._sources]
        joined = np.concatenate(ids) if ids else np.zeros(0, "S1")
        order = np.argsort(joined, kind="stable")
        self.ids: Ids = joined[order]
        self._of = np.repeat(np.arange(len(ids)), [len(part) for part in ids])[order]
        self._row = np.concatenate([np.arange(len(part)) for part in ids])[order] if ids else np.zeros(0, np.intp)
        if len(self.ids) > 1 and (self.ids[1:] == self.ids[:-1]).any():
            twice = self.ids[1:][self.ids[1:] == self.ids[:-1]][0].decode()
            raise DamagedIndex(
                f"track {twice} lives in two segments", hint="Rebuild the index from the table: make repair."
            )

    def __len__(self) -> int:
        return len(self.ids)

    def fingerprints(self) -> npt.NDArray[np.uint64]:
        """Of every row."""
        result = np.zeros(len(self), np.uint64)
        for number, source in enumerate(self._sources):
            here = self._of == number
            result[here] = source.fingerprints[self._row[here]]
        return result

    def part(self, start: int, stop: int) -> Self:
        """The rows from `start` to before `stop`, read from the same sources."""
        part = copy(self)
        part.ids, part._of, part._row = self.ids[start:stop], self._of[start:stop], self._row[start:stop]
        return part

    def raw_chunks(self, rows: RowNumbers | None = None) -> Iterator[Raw]:
        """Vectors of all rows, or of ascending `rows`, some thousand at a time."""
        rows = np.arange(len(self)) if rows is None else rows
        for start in range(0, len(rows), CHUNK_ROWS):
            chunk = rows[start : start + CHUNK_ROWS]
            of, row = self._of[chunk], self._row[chunk]
            parts = [(of == number, source.raw(row[of == number])) for number, source in enumerate(self._sources)]
            result = np.empty((len(chunk), 2, self.raw_dim), np.float16)
            for where, part in parts:
                result[where] = part
            yield result

    def positions(self) -> list[tuple[Ids, Positions]]:
        """Ids and positions of the rows that lay on the map before."""
        pairs = ((source.ids, source.positions()) for source in self._sources)
        return [(ids, positions) for ids, positions in pairs if positions is not None]

    def lines(self) -> Iterator[bytes]:
        """The line of every row."""
        readers = [source.lines(self._row[self._of == number]) for number, source in enumerate(self._sources)]
        for number in self._of.tolist():
            yield next(readers[number])
