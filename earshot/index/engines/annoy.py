"""`annoy`: forests of random projections (Spotify's Annoy), mapped from a file that never changes.

`n_trees` is what was built, `search_k` the nodes that a query looks at. Few trees and an explicit search_k: bytes are
what a cold reader waits for.
"""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np
from annoy import AnnoyIndex

from earshot.embedding import Vector
from earshot.errors import DamagedIndex
from earshot.index.arrays import Mask, RowNumbers, StoredVectors
from earshot.index.engines.canaries import Answer, canaries_of, sing
from earshot.index.engines.engine import Canary, Candidates, Effort, EngineEntry, Opened, Params
from earshot.index.transform import unit

_FILE = "annoy.ann"
_METRIC: Final = "angular"
_TREES = (10, 20, 40)
_SEARCH_K = ((10_000, 2_000), (100_000, 5_000), (1_000_000, 20_000), (10_000_000, 60_000))
_CHUNK = 8192
_CANARY_NODES = 100
"""Times the neighbours that are expected."""


class Annoy:
    """See `Engine`."""

    name = "annoy"
    files = (_FILE,)
    import_s = 0.0

    def least_bytes(self, rows: int, dim: int) -> int:
        """The vectors again, in single precision."""
        return rows * 4 * dim

    def efforts(self, rows: int) -> Iterator[Effort]:
        """The measured search_k, doubled (once at least) until a sixth of the rows is looked at; then more trees."""
        least = search_k_for(rows)
        doublings = int(math.log2(max(2, rows / 6 / least)))
        for n_trees in _TREES:
            yield Effort({"n_trees": n_trees}, [{"search_k": least << i} for i in range(doublings + 1)])

    def build(self, folder: Path, vectors: StoredVectors, params: Params) -> tuple[Canary, ...]:
        """In one thread: the result must not depend on the machine's cores."""
        index = AnnoyIndex(vectors.shape[1], _METRIC)
        for start in range(0, len(vectors), _CHUNK):
            for row, vector in enumerate(unit(vectors[start : start + _CHUNK]).tolist(), start):
                index.add_item(row, vector)
        index.build(params["n_trees"], n_jobs=1)
        index.save(str(folder / _FILE))
        return canaries_of(vectors, _answer(index))

    def load(self, files: Mapping[str, Path], vectors: StoredVectors, entry: EngineEntry) -> Opened:
        """Maps the file; nothing is read before a query needs it."""
        rows, dim = vectors.shape
        index = AnnoyIndex(dim, _METRIC)
        try:
            n_trees, search_k = entry.params["n_trees"], entry.params["search_k"]
            index.load(str(files[_FILE]))
        except (OSError, KeyError) as error:
            raise DamagedIndex(f"{_FILE}: {error!r}") from None
        if index.get_n_items() != rows or index.get_n_trees() != n_trees:
            raise DamagedIndex(
                f"{_FILE} holds {index.get_n_items()} items in {index.get_n_trees()} trees "
                f"instead of {rows} in {n_trees}"
            )
        sing(vectors, entry.canaries, _answer(index))
        return _Forest(index, rows, search_k)


class _Forest:
    def __init__(self, index: AnnoyIndex, rows: int, search_k: int) -> None:
        self._index = index
        self._rows = rows
        self._search_k = search_k
        self._all_nodes = rows * index.get_n_trees()

    def candidates(self, query: Vector, n: int, dead: Mask | None) -> Candidates:
        """Dead rows are made up for by asking for more; where that is not enough, twice as many among twice as many
        nodes, as often as it takes. (Annoy counts a row once for each tree that leads to it, so it may give fewer than
        there are until it has looked at every row of every tree.)"""
        vector, nodes = query.tolist(), self._search_k
        share = 0.0 if dead is None else float(np.count_nonzero(dead)) / self._rows
        wanted = int(n * (1 + 2 * share)) + 5
        while True:
            nodes = max(nodes, wanted)
            rows: RowNumbers = np.asarray(self._index.get_nns_by_vector(vector, wanted, nodes), np.intp)
            live = rows if dead is None else rows[~dead[rows]]
            if len(live) >= n or nodes >= self._all_nodes:
                return Candidates(live)
            wanted, nodes = 2 * wanted, 2 * nodes


def search_k_for(rows: int) -> int:
    """Nodes that are to be looked at among `rows` of them: log-linear between measured points."""
    sizes, nodes = (np.log([pair[column] for pair in _SEARCH_K]) for column in (0, 1))
    return 100 * max(1, round(math.exp(float(np.interp(math.log(max(rows, 1)), sizes, nodes))) / 100))


def _answer(index: AnnoyIndex) -> Answer:
    def answer(query: Vector, k: int) -> list[int]:
        rows: list[int] = index.get_nns_by_vector(query.tolist(), k, _CANARY_NODES * k)
        return rows

    return answer


ANNOY: Final = Annoy()
