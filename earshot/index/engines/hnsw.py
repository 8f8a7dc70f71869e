"""`hnsw`: a navigable graph over the vectors (Malkov and Yashunin 2018), with faiss.

The fastest to search and much the slowest to build; chosen where it is asked for (`EARSHOT_ENGINE`). The file is the
graph alone: what its nodes stand for is in `vectors.npy`, which every segment has.

`links` is what was built, twice as many on the lowest floor; `breadth` the nodes that a query keeps in view.
"""

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

if TYPE_CHECKING:
    import faiss

_FILE = "hnsw.faiss"
_LINKS, _BUILD_BREADTH = 16, 80
_BREADTHS = (64, 128, 256)
_CANARY_BREADTH = 64
_LINK_BYTES = 4


class Hnsw:
    """See `Engine`."""

    name = "hnsw"
    files = (_FILE,)
    import_s = IMPORT_S

    def least_bytes(self, rows: int, dim: int) -> int:  # noqa: ARG002 (the graph knows of no dimensions)
        """The links of the lowest floor."""
        return rows * 2 * _LINKS * _LINK_BYTES

    def efforts(self, rows: int) -> Iterator[Effort]:  # noqa: ARG002 it takes the same for any number
        """A broader view each time, then twice the links."""
        for links in (_LINKS, 2 * _LINKS):
            yield Effort({"links": links}, [{"breadth": breadth} for breadth in _BREADTHS])

    def build(self, folder: Path, vectors: StoredVectors, params: Params) -> tuple[Canary, ...]:
        """In one thread, row after row: the same vectors give the same file."""
        faiss = library()
        half = faiss.ScalarQuantizer.QT_fp16
        graph = faiss.IndexHNSWSQ(vectors.shape[1], half, params["links"], faiss.METRIC_INNER_PRODUCT)
        graph.hnsw.efConstruction = _BUILD_BREADTH
        for chunk in chunks(vectors):
            graph.add(chunk)
        faiss.write_index(graph, faiss.FileIOWriter(str(folder / _FILE)), faiss.IO_FLAG_SKIP_STORAGE)
        return canaries_of(vectors, _Graph(graph, vectors, _CANARY_BREADTH).estimated)

    def load(self, files: Mapping[str, Path], vectors: StoredVectors, entry: EngineEntry) -> Opened:
        """Reads the graph, and the vectors, into memory."""
        faiss, graph = library(), read(files[_FILE])
        rows, dim = vectors.shape
        try:
            links, breadth = entry.params["links"], entry.params["breadth"]
        except KeyError as error:
            raise DamagedIndex(f"{_FILE}: {error!r}") from None
        found = (type(graph), graph.ntotal, graph.d)
        if found != (faiss.IndexHNSWSQ, rows, dim) or graph.hnsw.nb_neighbors(0) != 2 * links:
            raise DamagedIndex(f"{_FILE} holds {found} instead of {rows} rows of {dim} with {links} links")
        nodes = faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        faiss.copy_array_to_vector(np.ascontiguousarray(vectors).view(np.uint8).ravel(), nodes.codes)
        nodes.ntotal, nodes.is_trained = rows, True
        graph.storage, graph.own_fields = nodes, True  # assigning took them from Python, and somebody has to free them
        sing(vectors, entry.canaries, _Graph(graph, vectors, _CANARY_BREADTH).estimated)
        return _Graph(graph, vectors, breadth)


class _Graph:
    def __init__(self, graph: "faiss.Index", vectors: StoredVectors, breadth: int) -> None:
        self._graph = graph
        self._vectors = vectors
        self._breadth = breadth
        self._living = Living()

    def candidates(self, query: Vector, n: int, dead: Mask | None) -> Candidates:
        """Dead rows are passed through. Where too few others come into view, it is broadened; and since no graph
        promises to lead everywhere, all rows are compared in the end."""
        living, share = (None, 1.0) if dead is None else self._living.of(dead)
        rows, breadth = len(self._vectors), int(max(self._breadth, 2 * n) / max(share, 0.01))
        while breadth < rows:
            near = self._nearest(query, n, breadth, living)
            if len(near) >= n:
                return rescored(near, query, n, self._vectors)
            breadth *= 2
        everything = np.arange(rows) if dead is None else np.flatnonzero(~dead)
        return rescored(everything, query, n, self._vectors)

    def estimated(self, query: Vector, k: int) -> list[int]:
        """The `k` rows that the graph leads to."""
        found: list[int] = self._nearest(query, k, self._breadth, None).tolist()
        return found

    def _nearest(self, query: Vector, k: int, breadth: int, living: "faiss.IDSelector | None") -> RowNumbers:
        params = library().SearchParametersHNSW(efSearch=breadth, sel=living)
        _, rows = self._graph.search(query[None], k, params=params)
        near: RowNumbers = rows[0][rows[0] >= 0]
        return near


HNSW: Final = Hnsw()
