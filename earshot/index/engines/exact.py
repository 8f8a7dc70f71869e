"""`exact`: a matrix product. It misses nothing, keeps no file, and up to ten thousand rows nothing is faster."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from earshot.embedding import Vector
from earshot.index.arrays import Mask, StoredVectors
from earshot.index.engines.engine import Canary, Candidates, Effort, EngineEntry, Opened, Params
from earshot.index.engines.rescoring import best
from earshot.index.transform import unit


class Exact:
    """See `Engine`."""

    name = "exact"
    files = ()
    import_s = 0.0

    def least_bytes(self, rows: int, dim: int) -> int:  # noqa: ARG002 none for any number
        """It keeps no file."""
        return 0

    def efforts(self, rows: int) -> Iterator[Effort]:  # noqa: ARG002 it takes the same for any number
        """There is but one."""
        yield Effort({}, ({},))

    def build(self, folder: Path, vectors: StoredVectors, params: Params) -> tuple[Canary, ...]:  # noqa: ARG002
        """The vectors are all it needs."""
        return ()

    def load(self, files: Mapping[str, Path], vectors: StoredVectors, entry: EngineEntry) -> Opened:  # noqa: ARG002
        """Keeps the vectors in memory as float32."""
        return _Matrix(vectors)


class _Matrix:
    def __init__(self, vectors: StoredVectors) -> None:
        self._vectors = unit(vectors)

    def candidates(self, query: Vector, n: int, dead: Mask | None) -> Candidates:
        """The `n` nearest rows and every row that ties with the last of them."""
        similarities = self._vectors @ query
        if dead is not None:
            similarities[dead] = -np.inf
        rows, _ = best(np.arange(len(similarities)), similarities, n)
        rows = rows[similarities[rows] > -np.inf]
        return Candidates(rows, similarities[rows])


EXACT: Final = Exact()
EXACTLY: Final = EngineEntry(EXACT.name, {})
