"""What an answer by sound needs of an index version, whatever searches it: files here, or a service elsewhere.

Words, filters, genres and the map need the rows themselves, which only a version as files has
(`earshot.index.searcher.Searcher`).
"""

import threading
from collections.abc import Collection, Sequence
from typing import Protocol

from earshot.embedding import Vector
from earshot.index.arrays import Mask
from earshot.index.manifest import EngineShare, StoredObject
from earshot.index.rows import IndexedTrack
from earshot.index.transform import CatalogueTransform, Matrix


class Near(Protocol):
    """A track by name, and its cosine similarity to a query."""

    @property
    def track_id(self) -> str:
        """Its id."""

    @property
    def similarity(self) -> float:
        """-1..1."""


class NearTrack(Protocol):
    """The same with what the index shows of it."""

    @property
    def track(self) -> IndexedTrack:
        """What results show."""

    @property
    def similarity(self) -> float:
        """-1..1."""


class Neighbours(Protocol):
    """An index version, open for queries by any number of threads."""

    @property
    def version(self) -> str:
        """Its name."""

    @property
    def model(self) -> str:
        """The network that heard its tracks."""

    @property
    def recipe(self) -> str:
        """What made its vectors of that."""

    @property
    def size(self) -> int:
        """Tracks that a query can find."""

    @property
    def reach(self) -> int:
        """The greatest `k` that a query may ask for."""

    @property
    def built_at(self) -> str:
        """When it was built."""

    @property
    def build_s(self) -> float:
        """Seconds that building it took."""

    @property
    def recall(self) -> float:
        """Share of the ten true neighbours that it finds, as measured."""

    @property
    def search_k(self) -> int | None:
        """Annoy's effort per query; None: Annoy searches nothing."""

    @property
    def engines(self) -> tuple[EngineShare, ...]:
        """What searches how many tracks."""

    @property
    def transform(self) -> StoredObject:
        """What turns embeddings into its vectors."""

    def contains(self, track_id: str) -> bool:
        """Whether a query can find the track."""

    def row(self, track_id: str) -> IndexedTrack | None:
        """What the index shows of the track, or None."""

    def vector(self, track_id: str) -> Vector | None:
        """The track's unit vector (dim,), or None."""

    def vectors(self, track_ids: Sequence[str]) -> tuple[Matrix, Mask]:
        """Unit vectors of tracks (n, dim), and which of them there are (n,); the rows of others mean nothing.

        Where each look costs a request, ask for all at once: what `row` and `vector` say of them then costs none.
        """

    def search(self, vector: Vector, k: int, *, exclude: Collection[str] = frozenset()) -> Sequence[NearTrack]:
        """The `k` tracks nearest to `vector` (dim,), any length but zero; best first, none of `exclude`.

        Raises:
            InvalidInput: `vector` is no direction of this index, or `k` is not positive or beyond its reach.
        """

    def nearest(self, vector: Vector, k: int, *, exclude: Collection[str] = frozenset()) -> Sequence[Near]:
        """The same by name alone."""


class NeighboursReader(Protocol):
    """Keeps the newest index version open; safe to share between threads."""

    def current(self) -> Neighbours:
        """The newest version.

        Raises:
            NoIndexYet: nothing has been published.
            DamagedIndex: the only version there is cannot be used.
        """

    def transform(self, searcher: Neighbours) -> CatalogueTransform:
        """What turns embeddings into vectors of this version.

        Raises:
            DamagedIndex: it is not what the manifest promises.
        """

    def refresh(self) -> None:
        """Look for a newer version now.

        Raises:
            DamagedIndex: the only version there is cannot be used.
        """

    def keep_up(self, stop: threading.Event) -> None:
        """Look for newer versions until `stop`."""

    def look_again(self) -> None:
        """Let the next question look for a newer version, whatever the clock says."""
