"""What engines share that are made of faiss (Meta's library of indexes, Douze et al. 2024).

The library is imported when a segment first needs it: that costs a fifth of a second and 40 MB, which nobody pays whose
segments are searched otherwise. It is kept to the thread that asks: a build's result must not depend on the machine's
cores, and a query that is shared out among threads takes ten times as long on a busy machine.
"""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

import numpy as np

from earshot.errors import DamagedIndex
from earshot.index.arrays import Mask, StoredVectors
from earshot.index.transform import Matrix, unit

if TYPE_CHECKING:
    import faiss

IMPORT_S: Final = 0.2
"""Seconds of a processor that importing it takes, measured."""
_CHUNK = 8192


def library() -> ModuleType:
    """faiss, whose loops stay in this thread from now on."""
    import faiss

    faiss.omp_set_num_threads(1)
    module: ModuleType = faiss
    return module


def chunks(vectors: StoredVectors) -> Iterator[Matrix]:
    """Unit vectors (m, dim) of all rows, in order."""
    for start in range(0, len(vectors), _CHUNK):
        yield unit(vectors[start : start + _CHUNK])


def read(path: Path) -> "faiss.Index":
    """The index in a file, read into memory: it is small, and queries that page it in would take tens of times as long.

    Raises:
        DamagedIndex: it holds none.
    """
    try:
        index: faiss.Index = library().read_index(str(path))
    except (RuntimeError, MemoryError) as error:
        raise DamagedIndex(f"{path.name}: {str(error).strip().splitlines()[-1:]}") from None
    return index


class Living:
    """Which rows may be found, as faiss wants to be told; that of the mask which was asked for last is kept.

    The mask of a version's dead rows comes with every query, and is the same array each time.
    """

    def __init__(self) -> None:
        self._last: tuple[Mask, faiss.IDSelectorBitmap, float] | None = None

    def of(self, dead: Mask) -> "tuple[faiss.IDSelectorBitmap, float]":
        """The rows that are not `dead`, and their share of all."""
        last = self._last
        if last is None or last[0] is not dead:
            living = ~dead
            share = float(np.count_nonzero(living)) / len(living)
            last = self._last = dead, library().IDSelectorBitmap(np.packbits(living, bitorder="little")), share
        return last[1:]
