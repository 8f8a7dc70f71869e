"""A catalogue in parts, each of which becomes a base: what a part says of its rows, and what all parts must agree on.

Parts are worked on wherever there is room, twice: first each is *summarised*; the summaries add up to what they have in
*common* (the transform, the frame of the map, the queries of the gate); then each is written as a base.
"""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from annoy_service.attempts import RECALL_QUERIES
from annoy_service.choice import BY_MEASUREMENT
from annoy_service.fit import MAX_FIT_ROWS, Statistics, fit, offset_of
from annoy_service.gate import write_base
from annoy_service.recall import Queries, Survey, surveyed
from earshot.index.arrays import Ids, Raw, StoredVectors
from earshot.index.engines.engine import Engine
from earshot.index.layout import (
    LANDMARKS_OF_MANY,
    Frame,
    Known,
    Positions,
    frame_of,
    known_positions,
    landmarks,
    lay_among,
)
from earshot.index.manifest import SegmentEntry
from earshot.index.row_sources import MergedRows
from earshot.index.transform import CatalogueTransform
from earshot.recipes import Recipe

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """Of the rows of a part, or of several: sums over a sample of them, and the landmarks among them.

    `ids` (m,) ascending, `raw` (m, 2, D) and `places` (m, 2) are the landmarks'; NaN where one lay on no map before.
    """

    statistics: Statistics
    ids: Ids
    raw: Raw
    places: Positions

    @classmethod
    def of(cls, rows: MergedRows, recipe: Recipe, *, total: int) -> Self:
        """Of a part of a catalogue of `total` rows: at most 200,000 of these are counted, evenly spread."""
        statistics = Statistics(offset_of(recipe))
        for chunk in rows.raw_chunks(np.arange(0, len(rows), max(1, math.ceil(total / MAX_FIT_ROWS)))):
            statistics.add(chunk)
        chosen = landmarks(rows.ids, LANDMARKS_OF_MANY)
        ids = rows.ids[chosen]
        raw = [*rows.raw_chunks(chosen)] or [np.zeros((0, 2, rows.raw_dim), np.float16)]
        return cls(statistics, ids, np.concatenate(raw), known_positions(ids, rows.positions()))

    def __add__(self, other: Self) -> Self:
        statistics = Statistics.from_arrays(self.statistics.to_arrays())
        statistics += other.statistics
        ids = np.concatenate([self.ids, other.ids])
        order = np.argsort(ids)
        chosen = order[landmarks(ids[order], LANDMARKS_OF_MANY)]
        raw = np.concatenate([self.raw, other.raw])[chosen]
        return type(self)(statistics, ids[chosen], raw, np.concatenate([self.places, other.places])[chosen])

    def to_bytes(self) -> bytes:
        """To be sent from one process to another."""
        return _packed({**self.statistics.to_arrays(), "ids": self.ids, "raw": self.raw, "places": self.places})

    @classmethod
    def from_bytes(cls, body: bytes) -> Self:
        """Inverse of `to_bytes`."""
        arrays = _unpacked(body)
        return cls(Statistics.from_arrays(arrays), arrays["ids"], arrays["raw"], arrays["places"])


@dataclass(frozen=True, slots=True, eq=False)
class Common:
    """What the bases of a version must agree on. `ids` (m,) name what the map is drawn around."""

    transform: CatalogueTransform
    ids: Ids
    frame: Frame

    @classmethod
    def of(cls, summary: Summary, recipe: Recipe) -> Self:
        """What comes of all parts together."""
        return cls.around(fit(recipe, summary.statistics), summary)

    @classmethod
    def around(cls, transform: CatalogueTransform, summary: Summary) -> Self:
        """The same where the transform is known."""
        lay_before = np.isfinite(summary.places[:, 0])
        before = [(summary.ids[lay_before], summary.places[lay_before])]
        return cls(transform, summary.ids, frame_of(transform(summary.raw[:, 0]), summary.ids, before))

    @property
    def queries(self) -> Queries:
        """Those of the gate."""
        chosen = np.unique(np.linspace(0, len(self.ids) - 1, min(len(self.ids), RECALL_QUERIES)).astype(np.intp))
        return Queries(self.ids[chosen], self.frame.marks[chosen])

    def lay(self, vectors: StoredVectors, ids: Ids, known: Known) -> Positions:  # noqa: ARG002 the frame says where
        """See `earshot.index.write.Lay`."""
        return lay_among(self.frame, vectors, ids, [(self.ids, self.frame.places)])

    def to_bytes(self) -> bytes:
        """To be kept, or sent from one process to another."""
        transform = np.frombuffer(self.transform.to_bytes(), np.uint8)
        return _packed({"transform": transform, "ids": self.ids, **self.frame._asdict()})

    @classmethod
    def from_bytes(cls, body: bytes) -> Self:
        """Inverse of `to_bytes`."""
        arrays = _unpacked(body)
        transform = CatalogueTransform.from_bytes(arrays["transform"].tobytes())
        return cls(transform, arrays["ids"], Frame(arrays["marks"], arrays["places"]))


def write_part(
    folder: Path, rows: MergedRows, common: Common, engines: Sequence[Engine] = BY_MEASUREMENT
) -> tuple[SegmentEntry, Survey]:
    """Write a part as a base into `folder`, searched by one of `engines`, and ask it the gate's queries.

    Raises:
        RecallTooLow: its own gate stayed shut.
    """
    base = write_base(folder, rows, common.transform, engines, common.lay)
    return base, surveyed(folder, base, common.queries)


def _packed(arrays: Arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _unpacked(body: bytes) -> Arrays:
    with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
        return dict(arrays)
