"""What a build is made of, and into which bases: fixed when it begins, so that it can be gone on with."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import NamedTuple, Self

import numpy as np

from earshot.index.arrays import Ids, mapped
from earshot.index.cache import SegmentCache
from earshot.index.manifest import Manifest
from earshot.index.segment import IDS

SAMPLE = 200
"""Ids of a source by which it is known where its rows lie: one base is then some per cent larger than another."""


class Slice(NamedTuple):
    """Rows from `start` to before `stop` of a segment, by its number in the manifest."""

    segment: int
    start: int
    stop: int


class Count(NamedTuple):
    """How many rows a source has, and up to `SAMPLE` of their ids, evenly spread."""

    rows: int
    ids: tuple[str, ...]

    @classmethod
    def of(cls, ids: Ids) -> Self:
        """Of a source whose ids are these."""
        spread = np.sort(ids)[np.linspace(0, len(ids) - 1, min(len(ids), SAMPLE)).astype(np.intp)]
        return cls(len(ids), tuple(each.decode() for each in spread.tolist()))


@dataclass(frozen=True, slots=True)
class Inputs:
    """What is asked for. `place` and `files`: embeddings, or none (the index is then built anew from its own rows)."""

    recipe: str
    rows_per_base: int
    place: str = ""
    files: tuple[str, ...] = ()

    def build_id(self, before: str) -> str:
        """Names the build: the same for whoever asks for the same again. Where the index is all that it is made of,
        that depends on the version `before`."""
        asked = {**asdict(self), "before": "" if self.files else before}
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Plan:
    """`before`: the version that the index had. `bounds`: the least id of each base but the first. `slices`: of each
    base the rows of `before` that lie within its bounds. `total`: all rows, those that are there twice included."""

    inputs: Inputs
    before: str
    total: int
    bounds: tuple[str, ...]
    slices: tuple[tuple[Slice, ...], ...]

    @property
    def bases(self) -> int:
        """How many there will be."""
        return len(self.slices)

    @classmethod
    def of(cls, inputs: Inputs, counts: Sequence[Count], before: Manifest | None, cache: SegmentCache) -> Self:
        """Into bases of about equal size.

        Args:
            inputs: what is asked for.
            counts: of each of its files.
            before: the version that the index has.
            cache: where that version's ids are.
        """
        ids = [mapped(cache.fetch(entry, IDS), np.bytes_) for entry in before.segments] if before else []
        every = [*counts, *map(Count.of, ids)]
        total = sum(count.rows for count in every)
        bounds = _bounds(every, -(-total // inputs.rows_per_base))
        return cls(inputs, before.version if before else "", total, bounds, _slices(ids, bounds))

    def base_of(self, ids: Ids) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """In which base each of `ids` belongs."""
        return np.searchsorted(np.array(self.bounds, np.bytes_), ids, side="right").astype(np.int64)

    def to_bytes(self) -> bytes:
        """JSON."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, body: bytes) -> Self:
        """Inverse of `to_bytes`."""
        data = json.loads(body)
        inputs = Inputs(**data["inputs"] | {"files": tuple(data["inputs"]["files"])})
        slices = tuple(tuple(Slice(*each) for each in base) for base in data["slices"])
        return cls(inputs, data["before"], data["total"], tuple(data["bounds"]), slices)


def _bounds(counts: Sequence[Count], bases: int) -> tuple[str, ...]:
    """Ids that cut the rows into `bases` parts of about equal size."""
    ids = np.array([each for count in counts for each in count.ids], np.str_)
    weights = np.array([count.rows / len(count.ids) for count in counts for _ in count.ids])
    if bases < 2 or not len(ids):
        return ()
    order = np.argsort(ids)
    reached = np.cumsum(weights[order])
    cuts = np.searchsorted(reached, reached[-1] * np.arange(1, bases) / bases)
    return tuple(dict.fromkeys(ids[order][cuts].tolist()))


def _slices(ids: Sequence[Ids], bounds: tuple[str, ...]) -> tuple[tuple[Slice, ...], ...]:
    cuts = [[0, *np.searchsorted(each, np.array(bounds, np.bytes_)).tolist(), len(each)] for each in ids]
    of_segments = [list(pairwise(each)) for each in cuts]
    return tuple(
        tuple(
            Slice(number, start, stop)
            for number, spans in enumerate(of_segments)
            for start, stop in [spans[base]]
            if start < stop
        )
        for base in range(len(bounds) + 1)
    )
