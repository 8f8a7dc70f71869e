"""`ivf_rabitq`: a bit per dimension in lists around centroids; what looks near is scored again from the vectors.

Rows are kept in the list of their nearest centroid (inverted file; Sivic and Zisserman 2003) as the signs of their
difference from it after a random rotation (RaBitQ; Gao and Long 2024), with faiss, which compares 32 of them at a time
(fast scan; André et al. 2015). A query looks into the lists of its nearest centroids and takes the best by their
estimated distance; their true cosines are computed from `vectors.npy`, which every segment has. So the file is a
twentieth of a forest's, and a reader starts that much sooner.

`lists` is what was built; `probes` the lists that a query looks into, `candidates` the rows that it scores again.
"""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from earshot.embedding import Vector
from earshot.errors import DamagedIndex
from earshot.index.arrays import Mask, RowNumbers, StoredVectors
from earshot.index.engines.canaries import canaries_of, sing
from earshot.index.engines.engine import Canary, Candidates, Effort, EngineEntry, Opened, Params
from earshot.index.engines.faiss_library import IMPORT_S, Living, chunks, library, read
from earshot.index.engines.rescoring import rescored
from earshot.index.transform import unit

if TYPE_CHECKING:
    import faiss

_FILE = "ivf_rabitq.faiss"
_SEED = 1
_LISTS_PER_ROOT = 2
_ROWS_PER_LIST, _ROUNDS = 40, 6
"""Of k-means, which finds the centroids: what a list is made from, and how often they move."""
_CANDIDATES = 200
_EFFORTS = 3
_CANARY_PROBES = 4
_ID_AND_FACTORS = 16


class IvfRabitq:
    """See `Engine`."""

    name = "ivf_rabitq"
    files = (_FILE,)
    import_s = IMPORT_S

    def least_bytes(self, rows: int, dim: int) -> int:
        """A bit per dimension, the row's number, two factors."""
        return rows * (math.ceil(dim / 8) + _ID_AND_FACTORS)

    def efforts(self, rows: int) -> Iterator[Effort]:
        """The measured probes, one in the root of the lists; twice as many, and candidates, each time."""
        lists = lists_for(rows)
        probes = round(math.sqrt(lists))
        yield Effort(
            {"lists": lists},
            [{"probes": probes << level, "candidates": _CANDIDATES << level} for level in range(_EFFORTS)],
        )

    def build(self, folder: Path, vectors: StoredVectors, params: Params) -> tuple[Canary, ...]:
        """In one thread, from a seed and rows at equal distances: the same vectors give the same file."""
        faiss = library()
        dim, lists = vectors.shape[1], params["lists"]
        inverted = faiss.IndexIVFRaBitQFastScan(faiss.IndexFlatL2(dim), dim, lists, faiss.METRIC_L2)
        inverted.cp.seed, inverted.cp.niter = _SEED, _ROUNDS
        inverted.cp.min_points_per_centroid = 1
        inverted.cp.max_points_per_centroid = _ROWS_PER_LIST
        rotation = faiss.RandomRotationMatrix(dim, dim)
        rotation.init(_SEED)
        index = faiss.IndexPreTransform(rotation, inverted)
        sample = np.unique(np.linspace(0, len(vectors) - 1, lists * _ROWS_PER_LIST).astype(np.intp))
        index.train(unit(vectors[sample]))
        for chunk in chunks(vectors):
            index.add(chunk)
        faiss.write_index(index, str(folder / _FILE))
        return canaries_of(vectors, _Lists(index, vectors, {"probes": _CANARY_PROBES, "candidates": 0}).estimated)

    def load(self, files: Mapping[str, Path], vectors: StoredVectors, entry: EngineEntry) -> Opened:
        """Reads the file into memory."""
        index = read(files[_FILE])
        inverted = library().downcast_index(index.index) if hasattr(index, "index") else index
        found = {"rows": index.ntotal, "dimensions": index.d, "lists": getattr(inverted, "nlist", 0)}
        try:
            expected = {"rows": len(vectors), "dimensions": vectors.shape[1], "lists": entry.params["lists"]}
            opened = _Lists(index, vectors, entry.params)
        except KeyError as error:
            raise DamagedIndex(f"{_FILE}: {error!r}") from None
        if found != expected:
            raise DamagedIndex(f"{_FILE} holds {found} instead of {expected}")
        canary = _Lists(index, vectors, {"probes": _CANARY_PROBES, "candidates": 0})
        sing(vectors, entry.canaries, canary.estimated)
        return opened


class _Lists:
    def __init__(self, index: "faiss.Index", vectors: StoredVectors, params: Params) -> None:
        self._index = index
        self._vectors = vectors
        self._probes, self._candidates = params["probes"], params["candidates"]
        self._lists = lists_for(len(vectors))
        self._living = Living()

    def candidates(self, query: Vector, n: int, dead: Mask | None) -> Candidates:
        """Dead rows are passed over. The fewer live, the more lists are looked into: neighbours lie further apart."""
        living, share = (None, 1.0) if dead is None else self._living.of(dead)
        wanted = min(max(self._candidates, 2 * n), len(self._vectors))
        probes = min(self._lists, math.ceil(self._probes / max(share, 1 / self._lists)))
        while True:
            rows = self._nearest(query, wanted, probes, living)
            if len(rows) >= n or probes >= self._lists:
                return rescored(rows, query, n, self._vectors)
            probes = min(self._lists, 2 * probes)

    def estimated(self, query: Vector, k: int) -> list[int]:
        """The `k` rows that look nearest."""
        found: list[int] = self._nearest(query, k, self._probes, None).tolist()
        return found

    def _nearest(self, query: Vector, k: int, probes: int, living: "faiss.IDSelector | None") -> RowNumbers:
        faiss = library()
        inner = faiss.IVFSearchParameters(nprobe=probes, sel=living)
        _, rows = self._index.search(query[None], k, params=faiss.SearchParametersPreTransform(index_params=inner))
        near: RowNumbers = rows[0][rows[0] >= 0]
        return near


def lists_for(rows: int) -> int:
    """Lists for so many rows: as many as balance the centroids that a query compares with the rows in their lists."""
    return max(1, round(_LISTS_PER_ROOT * math.sqrt(rows)))


IVF_RABITQ: Final = IvfRabitq()
