"""A table of what is played together that tests write down; the real one is made by `listening`."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from earshot.embedding import Vector

Rows = Mapping[str, Mapping[str, tuple[float, int]]]
"""Of a track those played with it, each with its weight and how many listeners have played both."""


class Folded(NamedTuple):
    """A track that is played together with others."""

    track_id: str
    score: float
    because: str
    listeners: int


class Table:
    """Rows in memory."""

    version = "listening-1"

    def __init__(self, rows: Rows, listeners: Mapping[str, int] | None = None) -> None:
        self._rows = rows
        self._listeners = listeners or {}

    def knows(self, track_id: str) -> bool:
        """Whether it has a row."""
        return track_id in self._rows

    def fold_in(self, plays: Sequence[tuple[str, float]], k: int, exclude: Collection[str] = ()) -> list[Folded]:
        """The sums of the rows, greatest first."""
        scores: defaultdict[str, float] = defaultdict(float)
        for played, weight in plays:
            for track_id, (own, _) in self._rows.get(played, {}).items():
                scores[track_id] += weight * own
        excluded = set(exclude)
        best = sorted(
            (-score, track_id) for track_id, score in scores.items() if score > 0 and track_id not in excluded
        )[:k]
        return [self._folded(plays, track_id, -minus) for minus, track_id in best]

    def _folded(self, plays: Sequence[tuple[str, float]], track_id: str, score: float) -> Folded:
        parts = {played: weight * self._of(played, track_id)[0] for played, weight in plays}
        because = max(parts, key=lambda played: parts[played])
        return Folded(track_id, score, because, self._of(because, track_id)[1])

    def scores(self, plays: Sequence[tuple[str, float]], track_ids: Sequence[str]) -> Vector:
        """The sum of each."""
        return np.array(
            [sum(weight * self._of(played, track_id)[0] for played, weight in plays) for track_id in track_ids],
            np.float32,
        )

    def popularities(self, track_ids: npt.NDArray[np.bytes_]) -> npt.NDArray[np.uint32]:
        """Listeners of each."""
        return np.array([self._listeners.get(track_id.decode(), 0) for track_id in track_ids.tolist()], np.uint32)

    def _of(self, played: str, track_id: str) -> tuple[float, int]:
        return self._rows.get(played, {}).get(track_id, (0.0, 0))
