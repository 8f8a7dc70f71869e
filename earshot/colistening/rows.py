"""The arrays of a co-listening table, and their files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from earshot.errors import InvalidInput
from earshot.index.arrays import Ids
from earshot.index.cache import stored_object
from earshot.index.manifest import StoredObject

PER_TRACK = 50
"""Neighbours of a track."""
FEWEST_LISTENERS = 3
"""Of fewer listeners who played both tracks a table says nothing: they might be known to whoever reads it."""
MOST_LISTENERS = 255
IDS, NEIGHBOURS, WEIGHTS, LISTENERS, HEARD = "ids.npy", "neighbours.npy", "weights.npy", "listeners.npy", "heard.npy"
FILES = (IDS, NEIGHBOURS, WEIGHTS, LISTENERS, HEARD)


@dataclass(frozen=True, slots=True, eq=False)
class TableRows:
    """A co-listening table of n tracks. Arrays as in `earshot.colistening`; `listeners` are counted in full.

    Raises:
        InvalidInput: the arrays are no such table.
    """

    ids: Ids
    neighbours: npt.NDArray[np.uint32]
    weights: npt.NDArray[np.float16]
    listeners: npt.NDArray[np.unsignedinteger]
    heard: npt.NDArray[np.uint32]

    def __post_init__(self) -> None:
        n = len(self.ids)
        shapes = [array.shape for array in (self.neighbours, self.weights, self.listeners, self.heard)]
        if shapes != [(n, PER_TRACK)] * 3 + [(n, 2)]:
            raise InvalidInput(f"a co-listening table of {n} tracks cannot have arrays of {shapes}")
        if self.ids.dtype.kind != "S":
            raise InvalidInput(f"track ids of type {self.ids.dtype} instead of bytes")
        if n and (self.ids[1:] <= self.ids[:-1]).any():
            raise InvalidInput("the track ids of a co-listening table must ascend, each once")
        if n and int(self.neighbours.max()) >= n:
            raise InvalidInput(f"row {self.neighbours.max()} is named a neighbour in a table of {n} tracks")
        if not (np.isfinite(self.weights).all() and (self.weights >= 0).all()):
            raise InvalidInput("the weights of a co-listening table must be finite and not negative")
        if (self.weights[:, 1:] > self.weights[:, :-1]).any():
            raise InvalidInput("the weights of a row must descend")

    def write(self, folder: Path) -> dict[str, StoredObject]:
        """Write the files of a table into `folder`; returns what they are."""
        told = np.where(self.listeners >= FEWEST_LISTENERS, np.minimum(self.listeners, MOST_LISTENERS), 0)
        arrays = (self.ids, self.neighbours, self.weights, told.astype(np.uint8), self.heard)
        for name, array in zip(FILES, arrays, strict=True):
            np.save(folder / name, np.ascontiguousarray(array), allow_pickle=False)
        return {name: stored_object(folder / name) for name in FILES}
