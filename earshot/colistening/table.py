"""A co-listening table open for questions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from earshot.colistening.manifest import Manifest
from earshot.colistening.rows import HEARD, IDS, LISTENERS, NEIGHBOURS, PER_TRACK, WEIGHTS
from earshot.embedding import Vector
from earshot.errors import DamagedIndex
from earshot.ids import TrackId
from earshot.index.arrays import Ids, RowNumbers, as_single, mapped
from earshot.index.cache import FileCache, Watch

Weighted = Sequence[tuple[str, float]]
"""Track ids, each with how much it counts; below 0 for what was skipped."""
_HALF, _LOWER = np.uint64(32), np.uint64(0xFFFFFFFF)
_Scalar = TypeVar("_Scalar", bound=np.generic)


class Neighbours(NamedTuple):
    """Tracks played together with one, the most typical first: (m,) each, m <= 50."""

    track_ids: list[TrackId]
    weights: Vector
    """Shares of the row, 0..1."""
    listeners: npt.NDArray[np.uint8]
    """Who played both; 0 where they are fewer than three, 255 where they are that many or more."""


class Heard(NamedTuple):
    """How much is known of a track: its plays and the distinct listeners who played it. (0, 0): a cold track."""

    plays: int
    listeners: int


class Candidate(NamedTuple):
    """A track that goes with what was played."""

    track_id: TrackId
    score: float
    """Sum over what was played of its weight and the track's share of its row."""
    because: TrackId
    """Of what was played, the track that adds most to the score."""
    listeners: int
    """Who played both of these; see `Neighbours.listeners`."""


class ColisteningTable:
    """One version, mapped from files that never change. Immutable, so any number of threads may share it.

    Args:
        manifest: the version.
        cache: where its files come from.

    Raises:
        DamagedIndex: a file is missing or not what the manifest promises.
    """

    def __init__(self, manifest: Manifest, cache: FileCache) -> None:
        self.manifest = manifest
        self.version = manifest.version
        self.size = manifest.table.rows
        self._watch = Watch()
        self._cache = cache
        self.ids: Ids = self._array(IDS, np.bytes_, ())
        self._neighbours = self._array(NEIGHBOURS, np.uint32, (PER_TRACK,))
        self._weights = self._array(WEIGHTS, np.float16, (PER_TRACK,))
        self.listeners = self._array(LISTENERS, np.uint8, (PER_TRACK,))
        self._heard = self._array(HEARD, np.uint32, (2,))

    def _array(self, name: str, kind: type[_Scalar], row: tuple[int, ...]) -> npt.NDArray[_Scalar]:
        table = self.manifest.table
        try:
            array = mapped(self._watch.add(self._cache.fetch(table, name)), kind)
        except DamagedIndex as error:
            raise DamagedIndex(f"co-listening table {table.id}: {error.message}") from None
        if array.shape != (table.rows, *row):
            raise DamagedIndex(f"co-listening table {table.id}: {name} has shape {array.shape}, not {table.rows} rows")
        return array

    def is_untouched(self) -> bool:
        """Whether no one has written to the mapped files since they were checked."""
        return self._watch.is_untouched()

    def knows(self, track_id: str) -> bool:
        """Whether the table has a row for the track."""
        return bool(self.rows_of([track_id])[0] >= 0)

    def heard(self, track_ids: Sequence[str]) -> list[Heard]:
        """How much is known of each track; nothing of one that the table does not hold."""
        return [Heard(plays, listeners) for plays, listeners in self._known(self.rows_of(track_ids)).tolist()]

    def popularities(self, track_ids: Ids) -> npt.NDArray[np.uint32]:
        """How many distinct listeners have played each of the tracks (n,), 0 where nothing is known: (n,)."""
        return self._known(self._rows_of(track_ids))[:, 1]

    def neighbours(self, track_id: str) -> Neighbours:
        """Tracks played together with `track_id`; none where the table does not hold it."""
        row = int(self.rows_of([track_id])[0])
        if row < 0:
            return Neighbours([], np.zeros(0, np.float32), np.zeros(0, np.uint8))
        count = int(np.count_nonzero(self._weights[row]))
        track_ids = self.track_ids_of(self._neighbours[row, :count].astype(np.intp))
        return Neighbours(track_ids, as_single(self._weights[row, :count]), self.listeners[row, :count].copy())

    def entries(self) -> tuple[RowNumbers, RowNumbers, Vector]:
        """All weights above 0: (m,) rows, rows of their neighbours, and the weights."""
        rows, places = np.nonzero(self._weights)
        return rows, self._neighbours[rows, places].astype(np.intp), as_single(self._weights[rows, places])

    def fold_in(self, plays: Weighted, k: int, exclude: Collection[str] = ()) -> list[Candidate]:
        """The `k` tracks that go best with `plays`, best first, ties by row; what scores nothing is left out.

        Args:
            plays: what somebody played; tracks that the table does not hold count for nothing.
            k: how many, at least 1.
            exclude: track ids that must not be among them.
        """
        return self.fold(plays).best(k, exclude)

    def scores(self, plays: Weighted, track_ids: Sequence[str]) -> Vector:
        """How well each of `track_ids` goes with `plays` (see `Candidate.score`), 0 where nothing is known: (n,)."""
        return self.fold(plays).scores(track_ids)

    def fold(self, plays: Weighted) -> "Fold":
        """What `plays` come to, added up once for several questions."""
        return Fold(self, self._sum(plays))

    def _sum(self, plays: Weighted) -> "_Sums":
        """The rows of `plays` added up."""
        rows = self.rows_of([track_id for track_id, _ in plays])
        known = rows >= 0
        played = rows[known]
        weights = np.array([weight for _, weight in plays], np.float32)[known]
        parts = (as_single(self._weights[played]) * weights[:, None]).ravel()
        used = np.flatnonzero(parts).astype(np.uint64)
        # By target, then by play: sorting the two as one number takes a tenth of what sorting their order does.
        targets = self._neighbours[played].ravel()[used].astype(np.uint64)
        keys = np.sort((targets << _HALF) | used)
        sought, numbers = (keys >> _HALF).astype(np.uint32), (keys & _LOWER).astype(np.intp)
        starts = np.flatnonzero(np.diff(sought, prepend=sought[:1] ^ 1)) if len(sought) else numbers
        parts = parts[numbers]
        scores: Vector = np.add.reduceat(parts, starts) if len(starts) else parts
        track_ids = [TrackId(track_id) for (track_id, _), row in zip(plays, rows.tolist(), strict=True) if row >= 0]
        return _Sums(sought[starts], scores, starts, numbers, parts, played, track_ids)

    def _known(self, rows: RowNumbers) -> npt.NDArray[np.uint32]:
        known = np.zeros((len(rows), 2), np.uint32)
        known[rows >= 0] = self._heard[rows[rows >= 0]]
        return known

    def rows_of(self, track_ids: Sequence[str]) -> RowNumbers:
        """The row of each track, -1 where the table does not hold it: (n,)."""
        return self._rows_of(np.array([track_id.encode() for track_id in track_ids], np.bytes_))

    def _rows_of(self, names: Ids) -> RowNumbers:
        rows = np.full(len(names), -1, np.intp)
        if len(names) and self.size:
            order = np.argsort(names)  # sought one after the other they share pages
            names = names[order]
            wanted = names.astype(self.ids.dtype)  # a longer name is cut off, and is another one then
            at = np.minimum(np.searchsorted(self.ids, wanted), self.size - 1)
            found = self.ids[at] == names
            rows[order[found]] = at[found]
        return rows

    def track_ids_of(self, rows: RowNumbers) -> list[TrackId]:
        """The tracks at `rows`."""
        return [TrackId(name.decode()) for name in self.ids[rows].tolist()]


class Fold:
    """Plays folded into a table.

    Args:
        table: the table.
        sums: the rows of what was played, added up.
    """

    def __init__(self, table: ColisteningTable, sums: "_Sums") -> None:
        self._table = table
        self._sums = sums

    def best(self, k: int, exclude: Collection[str] = ()) -> list[Candidate]:
        """The `k` tracks that go best with the plays, none of `exclude`; see `ColisteningTable.fold_in`."""
        return self._candidates(self._best(k, exclude))

    def strongest(self, k: int, exclude: Collection[str] = ()) -> list[tuple[TrackId, float]]:
        """The same without why: ids and scores."""
        places = self._best(k, exclude)
        track_ids = self._table.track_ids_of(self._sums.rows[places].astype(np.intp))
        return list(zip(track_ids, self._sums.scores[places].tolist(), strict=True))

    def scores(self, track_ids: Sequence[str]) -> Vector:
        """How well each of `track_ids` goes with the plays: (n,); see `ColisteningTable.scores`."""
        rows = self._table.rows_of(track_ids)
        scores = np.zeros(len(rows), np.float32)
        if len(self._sums.rows):
            at = np.minimum(np.searchsorted(self._sums.rows, np.maximum(rows, 0)), len(self._sums.rows) - 1)
            found = self._sums.rows[at] == rows
            scores[found] = self._sums.scores[at[found]]
        return scores

    def candidates(self, track_ids: Sequence[str]) -> list[Candidate]:
        """Those of `track_ids` that go with the plays, in no order, each with why."""
        places = self._sums.places(self._table.rows_of(track_ids))
        return self._candidates(places[self._sums.scores[places] > 0])

    def _best(self, k: int, exclude: Collection[str]) -> RowNumbers:
        scores, played = self._sums.scores.copy(), self._sums.played.tolist()
        own = dict(zip(self._sums.track_ids, played, strict=True))
        barred = [own[track_id] for track_id in exclude if track_id in own]
        others = self._table.rows_of([track_id for track_id in exclude if track_id not in own])
        scores[self._sums.places(np.append(others, barred).astype(np.intp))] = 0.0
        return _best(scores, k)

    def _candidates(self, places: RowNumbers) -> list[Candidate]:
        sums = self._sums
        seeds, columns = np.divmod(sums.largest(places), PER_TRACK)
        return [
            Candidate(track_id, score, sums.track_ids[seed], listeners)
            for track_id, score, seed, listeners in zip(
                self._table.track_ids_of(sums.rows[places].astype(np.intp)),
                sums.scores[places].tolist(),
                seeds.tolist(),
                self._table.listeners[sums.played[seeds], columns].tolist(),
                strict=True,
            )
        ]


def _best(scores: Vector, k: int) -> RowNumbers:
    """Where the `k` greatest of those above 0 stand, the greatest first, of equal ones the first."""
    good = np.flatnonzero(scores > 0)
    if len(good) > k:
        good = good[scores[good] >= np.partition(scores[good], len(good) - k)[len(good) - k]]
    best: RowNumbers = good[np.argsort(-scores[good], kind="stable")[:k]]
    return best


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Rows added up: (m,) `rows` ascending, and their `scores`.

    `starts`: (m,) where each begins among the parts. `numbers`: (p,) which part of which play each one is, 50 times the
    number of the play plus the column. `parts`: (p,) what they add. `played`: rows of the plays that the table holds,
    in their order; `track_ids`: their ids.
    """

    rows: npt.NDArray[np.uint32]
    scores: Vector
    starts: RowNumbers
    numbers: RowNumbers
    parts: Vector
    played: RowNumbers
    track_ids: list[TrackId]

    def places(self, rows: RowNumbers) -> RowNumbers:
        """Where those of the tracks at `rows` (-1: none) that have a score stand."""
        if not len(self.rows):
            return np.zeros(0, np.intp)
        at = np.minimum(np.searchsorted(self.rows, np.maximum(rows, 0).astype(np.uint32)), len(self.rows) - 1)
        places: RowNumbers = at[self.rows[at] == rows]
        return places

    def largest(self, places: RowNumbers) -> RowNumbers:
        """The number of the part that adds most to each of the sums at `places`, the first of equal ones."""
        if not len(places):
            return np.zeros(0, np.intp)
        most = np.maximum.reduceat(self.parts, self.starts)
        lengths = np.diff(self.starts, append=len(self.parts))
        of_the_most = np.flatnonzero(self.parts == np.repeat(most, lengths))
        return self.numbers[of_the_most[np.searchsorted(of_the_most, self.starts[places])]]
