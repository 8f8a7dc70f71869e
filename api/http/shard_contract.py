"""What shards and their front door say to each other over HTTP."""

import base64
import binascii
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from api.answers.commonness import Commonness
from api.http.options import FilterParameters
from earshot.embedding import Vector
from earshot.errors import InvalidRequest
from earshot.index.described import MOST_BPM, STEPS_OF_LOUDNESS
from earshot.index.shelf import STEPS
from earshot.keys import KEYS

MOST_NEAREST = 1_000
MOST_EXCLUDED = 300
_MOST_TEXT = 16_384
"""Of a vector: 3,072 numbers, more than any network hears."""

_ROUNDING = 1e-3

PackedVector = Annotated[
    str,
    Field(min_length=4, max_length=_MOST_TEXT, description="Little-endian float32, one after the other, as base64."),
]


class ShardState(BaseModel):
    """Which index version a shard answers from, and what can be compared with it."""

    version: str
    tracks: int
    model: str
    recipe: str
    dim: int
    transform: Annotated[str, Field(description="SHA-256 of the catalogue transform that its vectors come from.")]
    number: Annotated[int, Field(description="Which shard it is, from 0.")]
    of: Annotated[int, Field(description="How many there are.")]


_LOUDNESS = Field(min_length=STEPS_OF_LOUDNESS, max_length=STEPS_OF_LOUDNESS)


class Counts(BaseModel):
    """What is common in a shard (`api.answers.commonness.Commonness`)."""

    model_config = ConfigDict(from_attributes=True)
    tracks: int = 0
    tags: dict[str, Annotated[list[int], Field(min_length=STEPS, max_length=STEPS)]] = {}
    tempi: Annotated[list[int], Field(min_length=MOST_BPM + 1, max_length=MOST_BPM + 1)] = [0] * (MOST_BPM + 1)
    keys: Annotated[list[int], Field(min_length=len(KEYS), max_length=len(KEYS))] = [0] * len(KEYS)
    loudness: Annotated[list[int], _LOUDNESS] = [0] * STEPS_OF_LOUDNESS
    years: dict[int, int] = {}
    genres: dict[str, int] = {}

    def commonness(self) -> Commonness:
        """The same in the answers' own terms."""
        return Commonness(self.tracks, self.tags, self.tempi, self.keys, self.loudness, self.years, self.genres)


class ShardSummary(ShardState):
    """The same, and what is common in it; a shard that does not say so yet counts as empty."""

    common: Counts = Counts()


class ShardTrack(ShardState):
    """A track of the shard, with its vector."""

    track: Annotated[dict[str, Any], Field(description="All that the index shows of it.")]
    vector: PackedVector


class ShardNeighbour(BaseModel):
    """A track near a vector."""

    similarity: Annotated[float, Field(ge=-1, le=1, description="Its cosine to the vector.")]
    track: dict[str, Any]
    vector: PackedVector


class ShardNearest(ShardState):
    """The tracks of the shard that are nearest to a vector, best first."""

    found: list[ShardNeighbour]
    sampled: Annotated[
        str, Field(description="Cosines of the tracks that were asked for by `sample_below`, packed like vectors.")
    ] = ""
    unknown_tag: Annotated[
        str | None, Field(description="A tag of the filters that no track of the shard has; then nothing is found.")
    ]


class NearestRequest(BaseModel):
    """What a shard is asked for."""

    model_config = ConfigDict(extra="forbid")

    vector: PackedVector
    transform: Annotated[str, Field(pattern="^[0-9a-f]{64}$", max_length=64, description="That the vector comes from.")]
    k: Annotated[int, Field(ge=1, le=MOST_NEAREST)]
    exclude: Annotated[list[Annotated[str, Field(min_length=1, max_length=512)]], Field(max_length=MOST_EXCLUDED)] = []
    filters: FilterParameters = FilterParameters()
    sample_below: Annotated[
        int,
        Field(
            ge=0,
            le=1 << 32,
            description="Of which tracks cosines are wanted, whatever the filters: those with a smaller sample key.",
        ),
    ] = 0


def packed(vector: Vector) -> str:
    """A vector as text."""
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()


def unpacked(text: str, dim: int) -> Vector:
    """Inverse of `packed`, of a unit vector (dim,).

    Raises:
        InvalidRequest: it is none.
    """
    vector = unpacked_numbers(text)
    if vector.shape != (dim,):
        raise InvalidRequest(f"vector: {vector.size} numbers, where the index has {dim}")
    length = float(np.linalg.norm(vector.astype(np.float64)))
    if not abs(length - 1) < _ROUNDING:
        raise InvalidRequest(f"vector: its length is {length}, not 1")
    return vector


def unpacked_numbers(text: str) -> Vector:
    """Inverse of `packed`, of any numbers.

    Raises:
        InvalidRequest: these are none.
    """
    try:
        return np.frombuffer(base64.b64decode(text, validate=True), "<f4").astype(np.float32)
    except (binascii.Error, ValueError):
        raise InvalidRequest("vector: not little-endian float32 as base64") from None
