"""What the front door takes and answers, beside what one index would."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from api.http.contract import SimilarAnswer
from api.http.options import OptionParameters, ParsedTrackId


class SimilarParameters(OptionParameters):
    """`GET /similar`."""

    track_id: ParsedTrackId


class ShardCount(BaseModel):
    """How many shards an answer is from."""

    answered: int
    of: int


class WholeOrPart(SimilarAnswer):
    """Tracks found, best first. Where not all shards have answered, some may be missing that should be there."""

    index_version: Annotated[str, Field(description="Of the versions of all shards that have answered.")]
    shards: ShardCount


class ShardHealth(BaseModel):
    """How a shard is."""

    number: int
    status: Literal["up", "down", "wrong_shard", "other_transform"]
    version: str | None
    tracks: int | None
    processes: Annotated[list[str], Field(description="The status of each process that serves it.")]


class DoorHealth(BaseModel):
    """Which shards answer, and from what."""

    status: Annotated[Literal["ok", "partial", "unavailable"], Field(description="partial: answers lack shards.")]
    stage: str
    shards: ShardCount
    tracks: Annotated[int, Field(description="In the shards that answer.")]
    model: str | None
    recipe: str | None
    transform: Annotated[str | None, Field(description="That more than half of the shards that answer have.")]
    each: list[ShardHealth]
