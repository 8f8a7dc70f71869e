"""The shapes that travel over HTTP. The OpenAPI document is generated from them."""

from typing import Annotated

from pydantic import BaseModel, Field


class TagStrength(BaseModel):
    """A tag of the network's own head."""

    name: str
    probability: Annotated[float, Field(ge=0, le=1)]


class SharedTag(BaseModel):
    """A tag that query and result have in common; `strength` is the smaller of the two probabilities."""

    name: str
    strength: Annotated[float, Field(ge=0, le=1)]


class TrackBrief(BaseModel):
    """What is shown of an indexed track."""

    track_id: str
    source: str
    title: str
    artists: list[str]
    album: str
    duration_ms: int | None
    url: str | None
    artwork_url: str | None
    tags: Annotated[list[TagStrength], Field(description="The track's strongest tags, strongest first.")]


class Result(TrackBrief):
    """A track found, and why."""

    similarity: Annotated[float, Field(ge=-1, le=1, description="True cosine similarity to the query, 1 = identical.")]
    shared_tags: Annotated[list[SharedTag], Field(description="What both have in common, strongest first.")]


class SimilarAnswer(BaseModel):
    """Tracks that sound like the query, best first."""

    index_version: str
    model: str
    query: list[TrackBrief]
    results: list[Result]


class TrackAnswer(BaseModel):
    """What is known of a track, and how far it has come."""

    track_id: str
    source: str
    title: str
    artists: list[str]
    album: str
    isrc: str | None
    duration_ms: int | None
    url: str | None
    artwork_url: str | None
    status: Annotated[str, Field(description="pending, ready, no_preview or failed")]
    reason: Annotated[str | None, Field(description="Why a track failed or has no preview.")]
    provider: Annotated[str | None, Field(description="Who served the preview.")]
    model: Annotated[str | None, Field(description="The network that heard it.")]
    tags: list[TagStrength]
    indexed: Annotated[bool, Field(description="Whether the current index version holds it.")]
    updated_at: str | None


class IndexHealth(BaseModel):
    """The index version that answers."""

    version: str
    tracks: int
    model: str
    built_at: str
    recall: Annotated[float | None, Field(description="recall@10 against exact search, measured when it was built.")]
    search_k: int


class Health(BaseModel):
    """Whether the service can answer, and from what."""

    status: Annotated[str, Field(description="ok, or no_index while nothing has been indexed")]
    stage: str
    index: IndexHealth | None


class Problem(BaseModel):
    """What went wrong. Codes are listed in docs/errors.md."""

    code: str
    message: str
    hint: str
    status: Annotated[str | None, Field(description="Of a track that is not ready: its status.")] = None
    reason: Annotated[str | None, Field(description="Of a track that is not ready: why.")] = None


class ProblemAnswer(BaseModel):
    """The body of every answer that is not a success."""

    error: Problem
