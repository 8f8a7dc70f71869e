"""How near is near: the share of a catalogue that is farther from a query than a track is.

A cosine means something else in every catalogue and for every query: .23 may be the best there is. What share of the
tracks is farther means the same everywhere. It is told from a sample of the catalogue (up to `SAMPLE` tracks: from all)
of those whose `sample_key` is smallest, so that the samples of shards together are the sample of the whole.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from api.answers.catalogue import living
from earshot.embedding import Vector
from earshot.index.neighbours import Neighbours
from earshot.index.searcher import Searcher
from earshot.index.transform import Matrix, unit

SAMPLE = 4_096
"""A share of .99 is then known to .0016 (standard error), for a product of 2 MB a query."""
_CHUNK = 1_024
"""Rows that are multiplied at a time: so few that no other thread is woken for them."""
_ALL_KEYS = 1 << 32
_ROUNDING = 1e-6
"""Of a cosine: products of many rows and of few are added up in another order."""


class Scale:
    """Tells how near a track is to one query.

    Args:
        cosines: (n,) of a sample of the catalogue to the query, in any order; what cannot be found left out.
    """

    def __init__(self, cosines: Vector) -> None:
        self._cosines = cosines

    def closer_than(self, similarity: float) -> float | None:
        """What share of the catalogue is farther from the query than a track so similar, 0..1; None: not known."""
        if not len(self._cosines):
            return None
        return float(np.count_nonzero(self._cosines < similarity - _ROUNDING)) / len(self._cosines)


NO_SCALE = Scale(np.zeros(0, np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Some tracks of a catalogue: their unit vectors (n, dim), and the row of each by its id."""

    vectors: Matrix
    rows: dict[str, int]

    def cosines(self, points: Sequence[Vector], exclude: Collection[str] = ()) -> Vector:
        """Of the tracks but those of `exclude` to the nearest of the unit vectors `points`, in no order."""
        found = np.full(len(self.vectors), -1, np.float32)
        for point in points:
            for start in range(0, len(found), _CHUNK):
                part = found[start : start + _CHUNK]
                np.maximum(part, self.vectors[start : start + _CHUNK] @ point, out=part)
        out = [row for track_id in exclude if (row := self.rows.get(track_id)) is not None]
        kept: Vector = np.delete(found, out) if out else found
        return kept


def key_bound(tracks: int) -> int:
    """The tracks of a catalogue of so many that are in the sample have a `sample_key` below this."""
    return int(min(1.0, SAMPLE / max(tracks, 1)) * _ALL_KEYS)


def sampled(searcher: Searcher, below: int) -> Sample:
    """The living tracks whose `sample_key` is less than `below`."""
    vectors: list[Matrix] = [np.zeros((0, searcher.dim), np.float32)]
    ids: list[bytes] = []
    for segment, live in living(searcher):
        shelf = segment.shelf
        found: npt.NDArray[np.uint32] = shelf.sample[: int(np.searchsorted(shelf.sample_keys, np.uint64(below)))]
        rows = np.sort(found[live[found]])
        vectors.append(unit(segment.vectors[rows]))
        ids += segment.ids[rows].tolist()
    return Sample(np.concatenate(vectors), {track_id.decode(): row for row, track_id in enumerate(ids)})


_samples: WeakKeyDictionary[Searcher, tuple[int, Sample]] = WeakKeyDictionary()
"""What was last taken of each version, with the bound of keys, for as long as it is in use."""


def sample_of(index: Neighbours, below: int | None = None) -> Sample | None:
    """The sample of an index version, taken when it is first asked for; None where its rows cannot be looked through.

    Args:
        index: the version.
        below: the bound of keys where the version is a part of a catalogue; None: it is all of it.
    """
    if not isinstance(index, Searcher):
        return None
    bound = key_bound(index.size) if below is None else below
    known = _samples.get(index)
    if known is None or known[0] != bound:
        known = _samples[index] = (bound, sampled(index, bound))
    return known[1]
