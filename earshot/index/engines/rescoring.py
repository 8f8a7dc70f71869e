"""Candidates by their true similarity, for engines that know it, or that find many candidates and give the best."""

import numpy as np

from earshot.embedding import Vector
from earshot.index.arrays import RowNumbers, StoredVectors, as_single
from earshot.index.engines.engine import Candidates
from earshot.index.transform import unit


def rescored(rows: RowNumbers, query: Vector, n: int, vectors: StoredVectors) -> Candidates:
    """The best `n` of `rows` by the cosine of their own vectors to the unit vector `query` (dim,)."""
    return best(rows, unit(as_single(vectors[rows])) @ query, n)


def best(rows: RowNumbers, similarities: Vector, n: int) -> Candidates:
    """The `n` of `rows` with the greatest `similarities`, and every row that ties with the last of them."""
    if n < len(rows):
        near = similarities >= np.partition(similarities, len(rows) - n)[len(rows) - n]
        rows, similarities = rows[near], similarities[near]
    return Candidates(rows, similarities)
