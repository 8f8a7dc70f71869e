"""The space `listening`: which tracks the same people play.

What is asked of it are tracks with weights, folded in at query time: a track scores what the rows of those tracks say
of it, in sum. Divided by the best of the query's own scores, so that the best is 1, as the same sound is: raw sums grow
with the number of tracks and with how much is played at all, cosines do not. (Means and deviations instead, z-scores,
made answers worse when measured.)
"""

from collections.abc import Collection, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from api.answers.spaces import SOUND_ALONE, Candidate, Together, Weights
from earshot.embedding import Vector
from earshot.index.searcher import Searcher

FEWEST_SHOWN = 3
"""Of fewer listeners nothing is said: one or two could be recognised."""
LEAST_SOUND = 0.01
"""Share of sound even where listening has all the say: it orders what nobody has played together."""
_STAND_INS = 5
_FOLDED = 64
"""At least so many are looked at, so that most results can say what they are played with."""

Plays = Sequence[tuple[str, float]]
"""Tracks, each with how much it counts; negative: less of this."""


class Folded(Protocol):
    """A track that is played together with those asked for."""

    @property
    def track_id(self) -> str:
        """Its id."""

    @property
    def score(self) -> float:
        """Sum of weights, of any size."""

    @property
    def because(self) -> str:
        """Which of those asked for gave most of it."""

    @property
    def listeners(self) -> int:
        """How many have played both."""


class Colistening(Protocol):
    """A version of the table of tracks that the same people play, see `earshot.colistening`."""

    @property
    def version(self) -> str:
        """Of the table."""

    def knows(self, track_id: str) -> bool:
        """Whether the table has a row for the track."""

    def fold_in(self, plays: Plays, k: int, exclude: Collection[str] = ()) -> Sequence[Folded]:
        """The `k` tracks with the greatest sums, greatest first, none of `exclude`; all of them are above 0."""

    def scores(self, plays: Plays, track_ids: Sequence[str]) -> Vector:
        """The sum of each track; 0 for unknown ones."""

    def popularities(self, track_ids: npt.NDArray[np.bytes_]) -> npt.NDArray[np.uint32]:
        """How many listeners have played each of the tracks."""


def beside_sound(table: Colistening | None, listening: float) -> Weights:
    """How much sound and listening count, for a weight of `listening` from 0 to 1.

    Without a table, or with a weight of 0, sound has all the say.
    """
    if table is None or not listening:
        return SOUND_ALONE
    return Weights(max(1 - listening, LEAST_SOUND), ((Listening(table), listening),))


def stand_ins(searcher: Searcher, vector: Vector) -> Plays:
    """Tracks that stand for a clip, which nobody has played: those that sound most like it, by how much they do."""
    return [(hit.track_id, hit.similarity) for hit in searcher.nearest(vector, _STAND_INS)]


class Listening:
    """The space of a version of the table."""

    name = "listening"

    def __init__(self, table: Colistening) -> None:
        self.version = table.version
        self._table = table

    def question(self, tracks: Plays) -> "PlayedTogether | None":
        """What is played together with those that the table knows; None where it knows none that counts."""
        known = [(track_id, weight) for track_id, weight in tracks if self._table.knows(track_id)]
        return PlayedTogether(self._table, known) if any(weight > 0 for _, weight in known) else None


class PlayedTogether:
    """Tracks folded in: each candidate with its share of the best score, and with why."""

    def __init__(self, table: Colistening, plays: Plays) -> None:
        self._table = table
        self._plays = plays
        self._own = frozenset(track_id for track_id, _ in plays)
        self._found: Sequence[Folded] = ()
        self._looked_at = 0

    def candidates(self, k: int, *, exclude: Collection[str]) -> list[Candidate]:
        """The `k` with the greatest scores, none of `exclude` nor of those that were asked for."""
        found = self._fold(k + len(set(exclude) - self._own))
        best = self._best
        return [Candidate(one.track_id, float(one.score) / best) for one in found if one.track_id not in exclude][:k]

    def scores(self, track_ids: Sequence[str]) -> list[float]:
        """The score of each, -1 to 1."""
        found: list[float] = np.clip(self._table.scores(self._plays, track_ids) / self._best, -1, 1).tolist()
        return found

    def together(self, track_id: str) -> Together | None:
        """What it is played with, by at least `FEWEST_SHOWN`; of the candidates that were looked at."""
        for one in self._found:
            if one.track_id == track_id:
                return Together(one.because, int(one.listeners)) if one.listeners >= FEWEST_SHOWN else None
        return None

    @property
    def _best(self) -> float:
        found = self._fold(1)
        return float(found[0].score) if found else 1.0

    def _fold(self, count: int) -> Sequence[Folded]:
        """At least `count` of the best, or all."""
        if count > self._looked_at:
            self._looked_at = max(count, _FOLDED)
            self._found = self._table.fold_in(self._plays, self._looked_at, self._own)
        return self._found
