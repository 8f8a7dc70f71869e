"""Canary queries: a builder asks its own copy of an engine's files, and whoever loads them must find the same.

They find out what no hash can: files that are what they should be, read by a library that makes something else of them.
"""

from collections.abc import Callable, Iterable
from typing import Final

import numpy as np

from earshot.embedding import Vector
from earshot.errors import DamagedIndex
from earshot.index.arrays import StoredVectors
from earshot.index.engines.engine import Canary
from earshot.index.transform import unit

Answer = Callable[[Vector, int], Iterable[int]]
"""Rows near a unit vector (dim,), about so many, found with little effort: the same for builders and readers."""

CANARY_OVERLAP: Final = 0.8
"""Least share of the expected neighbours that the canaries must find. A truncated file finds a few per cent; another
processor's rounding costs one neighbour in hundreds."""
_CANARIES, _NEIGHBOURS = 8, 10


def canaries_of(vectors: StoredVectors, answer: Answer) -> tuple[Canary, ...]:
    """Canaries among `vectors`, and what `answer` finds near them."""
    k = min(_NEIGHBOURS, len(vectors))
    rows = np.unique(np.linspace(0, len(vectors) - 1, min(len(vectors), _CANARIES)).astype(np.intp)).tolist()
    return tuple(Canary(row, tuple(answer(_vector(vectors, row), k))) for row in rows)


def sing(vectors: StoredVectors, canaries: tuple[Canary, ...], answer: Answer) -> None:
    """Repeat the builder's canary queries.

    Raises:
        DamagedIndex: the answers are others.
    """
    expected = sum(len(canary.neighbours) for canary in canaries)
    found = sum(
        len(set(answer(_vector(vectors, canary.row), len(canary.neighbours))).intersection(canary.neighbours))
        for canary in canaries
    )
    if found < CANARY_OVERLAP * expected:
        raise DamagedIndex(f"canary queries found {found} of {expected} neighbours")


def _vector(vectors: StoredVectors, row: int) -> Vector:
    vector: Vector = unit(vectors[row : row + 1])[0]
    return vector
