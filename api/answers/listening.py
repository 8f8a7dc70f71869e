"""The space `listening`: which tracks the same people play.

What is asked of it are tracks with weights, folded in at query time: a track scores what the rows of those tracks say
of it, in sum. Divided by the best of the query's own scores, so that the best is 1, as the same sound is: raw sums grow
with the number of tracks and with how much is played at all, cosines do not. (Means and deviations instead, z-scores,
made answers worse when measured.)
"""

from collections.abc import Collection, Sequence

import numpy as np

from api.answers.spaces import SOUND_ALONE, Candidate, Together, Weights
from earshot.colistening.rows import FEWEST_LISTENERS
from earshot.colistening.table import ColisteningTable, Weighted
from earshot.embedding import Vector
from earshot.index.searcher import Searcher

LEAST_SOUND = 0.01
"""Share of sound even where listening has all the say: it orders what nobody has played together."""
_STAND_INS = 5
_FOLDED = 64
"""At least so many are looked at, so that most results can say what they are played with."""


def beside_sound(table: ColisteningTable | None, listening: float) -> Weights:
    """How much sound and listening count, for a weight of `listening` from 0 to 1.

    Without a table, or with a weight of 0, sound has all the say.
    """
    if table is None or not listening:
        return SOUND_ALONE
    return Weights(max(1 - listening, LEAST_SOUND), ((Listening(table), listening),))


def stand_ins(searcher: Searcher, vector: Vector) -> Weighted:
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
        self._table = table
        self._tracks = tracks
        self._own = frozenset(track_id for track_id, _ in tracks)
        self._looked_at = _FOLDED
        self._found = table.fold_in(tracks, _FOLDED, exclude=self._own)
        self._best = self._found[0].score if self._found else 1.0

    @property
    def knows_any(self) -> bool:
        """Whether anything is played together with what was asked for."""
        return bool(self._found)

    def candidates(self, k: int, *, exclude: Collection[str]) -> list[Candidate]:
        """The `k` with the greatest scores, none of `exclude` nor of those that were asked for."""
        wanted = k + len(set(exclude) - self._own)
        if wanted > self._looked_at == len(self._found):
            self._looked_at = wanted
            self._found = self._table.fold_in(self._tracks, wanted, exclude=self._own)
        kept = [one for one in self._found if one.track_id not in exclude][:k]
        return [Candidate(one.track_id, one.score / self._best) for one in kept]

    def scores(self, track_ids: Sequence[str]) -> list[float]:
        """The score of each, -1 to 1."""
        scores = self._table.scores(self._tracks, track_ids).astype(np.float64)
        found: list[float] = np.clip(scores / self._best, -1, 1).tolist()
        return found

    def together(self, track_id: str) -> Together | None:
        """What it is played with, by at least `FEWEST_LISTENERS`; of the candidates that were looked at."""
        for one in self._found:
            if one.track_id == track_id:
                return Together(one.because, one.listeners) if one.listeners >= FEWEST_LISTENERS else None
        return None
