"""What an engine is: the seam between the index and what searches it.

An engine gives *candidates*, in any order; how near they are is computed from the segment's own vectors, by whoever
asks. It may keep any number of files with the segment, or none.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from earshot.embedding import Vector
from earshot.index.arrays import Mask, RowNumbers, StoredVectors

Params = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Canary:
    """A query by row and the rows that the builder's own copy of the engine's files answered."""

    row: int
    neighbours: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EngineEntry:
    """How a segment is to be searched: the engine's name and everything that its `load` must know."""

    name: str
    params: Params
    canaries: tuple[Canary, ...] = ()


@dataclass(frozen=True, slots=True)
class Effort:
    """One way to build, and ways to search what was built, the cheapest first."""

    build: Params
    search: Sequence[Params]


class Candidates(NamedTuple):
    """Rows, with their cosine similarities where the engine has computed them from the vectors themselves."""

    rows: RowNumbers
    similarities: Vector | None = None


class Opened(Protocol):
    """The engine's files of one segment, open for queries from any thread."""

    def candidates(self, query: Vector, n: int, dead: Mask | None) -> Candidates:
        """At least `n` rows near the unit vector `query` (dim,) that are not `dead`, as far as there are so many."""


class Engine(Protocol):
    """Builds, opens and searches."""

    @property
    def name(self) -> str:
        """What manifests call it."""

    @property
    def files(self) -> Sequence[str]:
        """Names of the files that it keeps with a segment."""

    @property
    def import_s(self) -> float:
        """Seconds of a processor that a reader spends on its library."""

    def least_bytes(self, rows: int, dim: int) -> int:
        """Bytes that its files have at least for so many rows: what a builder knows of them before it builds."""

    def efforts(self, rows: int) -> Iterator[Effort]:
        """What the promotion gate may try for so many rows, the cheapest first; it takes what finds enough."""

    def build(self, folder: Path, vectors: StoredVectors, params: Params) -> tuple[Canary, ...]:
        """Write `files` into `folder`. Returns queries that whoever loads them must be able to repeat."""

    def load(self, files: Mapping[str, Path], vectors: StoredVectors, entry: EngineEntry) -> Opened:
        """Open `files` (by name) of a segment with these `vectors`.

        Raises:
            DamagedIndex: they are not what `entry` says, or fail a canary query.
        """
