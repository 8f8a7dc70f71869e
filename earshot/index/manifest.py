"""What an index version consists of. The manifest is the only thing a reader trusts, and it trusts it by its hash."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from earshot.ids import SegmentId
from earshot.index.arrays import Mask
from earshot.index.engines.engine import EngineEntry
from earshot.index.engines.exact import EXACTLY
from earshot.shards import Shard

DeadRows = npt.NDArray[np.uint32]
"""Row numbers, ascending."""
Kind = Literal["base", "delta"]
Verdict = Literal["chosen", "slower", "finds too little", "cannot be faster"]
NO_ROWS: DeadRows = np.zeros(0, np.uint32)


@dataclass(frozen=True, slots=True)
class StoredObject:
    """Size and SHA-256 (hex) of an object, checked before anything reads it."""

    size: int
    sha256: str

    @classmethod
    def of(cls, body: bytes) -> Self:
        """Of an object with this content."""
        return cls(len(body), hashlib.sha256(body).hexdigest())


@dataclass(frozen=True, slots=True)
class Trial:
    """What a builder found of an engine when it chose the one for a segment.

    `seconds`: until a reader that starts with nothing has had its first thousand answers, by measured parts; of an
    engine that was not built the least that it can be.
    """

    engine: str
    verdict: Verdict
    seconds: float
    bytes: int
    """Of its files, or the least that they can have."""
    recall: float | None = None
    query_ms: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SegmentEntry:
    """A segment as one version sees it. `dead` rows were deleted or superseded after the segment was written."""

    id: SegmentId
    kind: Kind
    rows: int
    objects: Mapping[str, StoredObject]
    dead: DeadRows = field(default_factory=lambda: NO_ROWS)
    engine: EngineEntry = EXACTLY
    recall: float = 1.0
    """Share of the ten true neighbours that the engine found when the segment was written."""
    trials: tuple[Trial, ...] = ()
    """Why this engine; empty where there was nothing to choose from."""

    @property
    def live(self) -> int:
        """Rows that still count."""
        return self.rows - len(self.dead)

    def dead_mask(self) -> Mask | None:
        """Which rows are dead; None: all live."""
        if not self.dead.size:
            return None
        mask = np.zeros(self.rows, np.bool_)
        mask[self.dead] = True
        return mask

    def key(self, name: str) -> str:
        """S3 key of the segment's object `name`."""
        return f"segments/{self.id}/{name}"

    def with_dead(self, rows: npt.ArrayLike) -> Self:
        """The same segment with `rows` dead as well."""
        more = np.asarray(rows, np.uint32)
        return replace(self, dead=np.union1d(self.dead, more).astype(np.uint32)) if more.size else self


class EngineShare(NamedTuple):
    """How many rows an engine searches, and the largest segment among them."""

    name: str
    rows: int
    largest: SegmentEntry


@dataclass(frozen=True, slots=True)
class Manifest:
    """One index version: `recipe` made its vectors of what the network `model` heard."""

    model: str
    recipe: str
    raw_dim: int
    dim: int
    segments: tuple[SegmentEntry, ...]
    transform: StoredObject
    built_at: str
    build_s: float = 0.0
    previous: str = ""
    """The version that this one replaced, or nothing."""
    version: str = ""
    recall_across: float | None = None
    """Share of the ten true neighbours found in all segments together, where builders measured that."""
    shard: Shard | None = None
    """Which part of a catalogue it holds; None: all of it. All versions of a shard have one transform."""

    @property
    def tracks(self) -> int:
        """Tracks that a query can find."""
        return sum(segment.live for segment in self.segments)

    @property
    def bases(self) -> tuple[SegmentEntry, ...]:
        """Segments that were built from all that there was."""
        return tuple(segment for segment in self.segments if segment.kind == "base")

    @property
    def base_ids(self) -> frozenset[SegmentId]:
        """What changes with a compaction, and only then."""
        return frozenset(segment.id for segment in self.bases)

    @property
    def deltas(self) -> tuple[SegmentEntry, ...]:
        """Segments appended since the bases were built, oldest first."""
        return tuple(segment for segment in self.segments if segment.kind == "delta")

    @property
    def recall(self) -> float:
        """As measured across the segments; else that of the segment whose engine finds least."""
        if self.recall_across is not None:
            return self.recall_across
        return min((segment.recall for segment in self.segments), default=1.0)

    @property
    def engines(self) -> tuple[EngineShare, ...]:
        """What searches how many of the rows, most first; of each engine the largest segment stands for all."""
        of: dict[str, list[SegmentEntry]] = {}
        for segment in self.segments:
            of.setdefault(segment.engine.name, []).append(segment)
        shares = [
            EngineShare(name, sum(each.rows for each in segments), max(segments, key=lambda each: each.rows))
            for name, segments in of.items()
        ]
        return tuple(sorted(shares, key=lambda share: -share.rows))

    @property
    def transform_key(self) -> str:
        """S3 key of the catalogue transform."""
        return transform_key(self.transform)

    def object_keys(self) -> set[str]:
        """Every object this version needs, its own manifest left out."""
        keys = {segment.key(name) for segment in self.segments for name in segment.objects}
        return keys | {self.transform_key}


def manifest_key(version: str) -> str:
    """S3 key of a version's manifest."""
    return f"manifests/{version}.json"


def version_of_key(key: str) -> str:
    """Inverse of `manifest_key`."""
    return key.removeprefix("manifests/").removesuffix(".json")


def transform_key(transform: StoredObject) -> str:
    """S3 key of a catalogue transform."""
    return f"transforms/{transform.sha256}.npz"
