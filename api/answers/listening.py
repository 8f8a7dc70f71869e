"""The space `listening`: which tracks the same people play.

What is asked of it are tracks with weights, folded in at query time: a track scores what the rows of those tracks say
of it, in sum. Divided by the best of the query's own scores, so that the best is 1, as the same sound is: raw sums grow
with the number of tracks and with how much is played at all, cosines do not. (Means and deviations instead, z-scores,
made answers worse when measured.) And of that the square root: like counts, sums of shares are a few great ones and
many small ones, between which sound alone would decide (Hellinger's transformation; Legendre, Gallagher 2001).
"""

from collections.abc import Collection, Sequence
from math import sqrt

import numpy as np

from api.answers.spaces import SOUND_ALONE, Candidate, Together, Weights
from earshot.colistening.rows import FEWEST_LISTENERS
from earshot.colistening.table import ColisteningTable, Weighted
from earshot.embedding import Vector
from earshot.index.neighbours import Neighbours

LEAST_SOUND = 0.01
"""Share of sound even where listening has all the say: it orders what nobody has played together."""
_STAND_INS = 5


def beside_sound(table: ColisteningTable | None, listening: float) -> Weights:
    """How much sound and listening count, for a weight of `listening` from 0 to 1.

    Without a table, or with a weight of 0, sound has all the say.
    """
    if table is None or not listening:
        return SOUND_ALONE
    return Weights(max(1 - listening, LEAST_SOUND), ((Listening(table), listening),))


def stand_ins(searcher: Neighbours, vector: Vector) -> Weighted:
    """Tracks that stand for a clip, which nobody has played: those that sound most like it, by how much they do."""
    return [(hit.track_id, hit.similarity) for hit in searcher.nearest(vector, _STAND_INS)]


class Listening:
    """The space of a version of the table."""

    name = "listening"

    def __init__(self, table: ColisteningTable) -> None:
        self.version = table.version
        self._table = table

    def question(self, tracks: Weighted) -> "PlayedTogether | None":
        """What is played together with these; None where the table knows of nothing."""
        question = PlayedTogether(self._table, tracks)
        return question if question.knows_any else None


class PlayedTogether:
    """Tracks folded in: each candidate with its share of the best score, and with why."""

    def __init__(self, table: ColisteningTable, tracks: Weighted) -> None:
        self._fold = table.fold(tracks)
        self._own = frozenset(track_id for track_id, _ in tracks)
        first = self._fold.strongest(1, self._own)
        self.knows_any = bool(first)
        """Whether anything is played together with what was asked for."""
        self._best = first[0][1] if first else 1.0

    def candidates(self, k: int, *, exclude: Collection[str]) -> list[Candidate]:
        """The `k` with the greatest scores, none of `exclude` nor of those that were asked for."""
        found = self._fold.strongest(k, self._own.union(exclude))
        return [Candidate(track_id, sqrt(score / self._best)) for track_id, score in found]

    def scores(self, track_ids: Sequence[str]) -> list[float]:
        """The score of each, -1 to 1."""
        shares = np.clip(self._fold.scores(track_ids).astype(np.float64) / self._best, -1, 1)
        found: list[float] = np.copysign(np.sqrt(np.abs(shares)), shares).tolist()
        return found

    def together(self, track_ids: Sequence[str]) -> dict[str, Together]:
        """What they are played with, by at least `FEWEST_LISTENERS`."""
        return {
            found.track_id: Together(found.because, found.listeners)
            for found in self._fold.candidates(track_ids)
            if found.listeners >= FEWEST_LISTENERS
        }
