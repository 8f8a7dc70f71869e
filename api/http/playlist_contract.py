"""The shapes of playlists that have been crawled, as they travel over HTTP. See `api.http.contract`."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.http.crawl_contract import CrawlCounts
from earshot.stores.playlists import Again


class PlaylistAnswer(BaseModel):
    """A playlist that has been crawled."""

    playlist_id: str
    name: Annotated[
        str, Field(description="What it is called: by a person, else by its source, else after where it is.")
    ]
    title: Annotated[str, Field(description="What its source calls it; empty: it does not say.")]
    is_named: Annotated[bool, Field(description="Whether a person has named it.")]
    playlist: Annotated[str, Field(description="What crawls of it are told, without tokens.")]
    again: Annotated[Again, Field(description="How often it is crawled again without being asked for.")]
    next_crawl: Annotated[str | None, Field(description="When that is due; it begins within a quarter of an hour.")]
    covers: Annotated[list[str], Field(description="Covers of its first tracks, at most four, none twice.")]
    crawl: Annotated[CrawlCounts | None, Field(description="Its latest crawl, as it was last counted.")]


class PlaylistList(BaseModel):
    """Playlists, in no order that means anything."""

    playlists: list[PlaylistAnswer]
    next: Annotated[str | None, Field(description="`after` of the next page; null: this was the last.")]


class PlaylistChange(BaseModel):
    """What is to change of a playlist; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str | None, Field(max_length=200, description="What to call it; empty: as its source does.")] = None
    again: Annotated[
        Again | None, Field(description="How often to crawl it again, for what is new. Nothing is removed by that.")
    ] = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.name is None and self.again is None:
            raise ValueError("give `name` or `again`, or both")
        return self
