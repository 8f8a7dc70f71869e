"""The bodies that callers send."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api.http.options import OptionParameters, ParsedTrackId, TrackIdText
from earshot.sources import Can, labels


class SeedChoice(BaseModel):
    """A track that the query is made of."""

    model_config = ConfigDict(extra="forbid")

    track_id: ParsedTrackId
    weight: Annotated[
        float,
        Field(ge=-10, le=10, allow_inf_nan=False, description="How much it counts; negative: less of this."),
    ] = 1.0


class SimilarRequest(OptionParameters):
    """Several seeds, each with a weight ("like these, not like that"), and the options."""

    seeds: Annotated[list[SeedChoice], Field(min_length=1, max_length=50)]


class ExtendRequest(OptionParameters):
    """A playlist to continue, in its order, and the options."""

    track_ids: Annotated[list[TrackIdText], Field(min_length=1, max_length=200)]


class CrawlRequest(BaseModel):
    """What to crawl."""

    model_config = ConfigDict(extra="forbid")

    playlist: Annotated[
        str,
        Field(
            min_length=1,
            max_length=2048,
            description=f"A {labels(Can.LIST)} playlist, album or track (id, URI or URL), a manifest, or a folder of "
            "audio files of the machine that crawls.",
        ),
    ]
    remove_missing: Annotated[
        bool,
        Field(
            description="Remove the tracks that earlier crawls of this playlist held and that neither it nor another "
            "playlist holds now."
        ),
    ] = False


class QueryRequest(BaseModel):
    """Where the clip of a query by sound is, if it is not to be uploaded."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[
        str | None,
        Field(
            max_length=2048,
            pattern="^https://",
            description="https, on a host that the crawler may ask (EARSHOT_PROVIDERS, EARSHOT_ALLOWED_HOSTS).",
        ),
    ] = None
