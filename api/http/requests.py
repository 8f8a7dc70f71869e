"""The bodies that callers send."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.http.lists import Format, PathRoot
from api.http.options import OptionParameters, ParsedTrackId, TrackIdText
from earshot.sources import Can, labels
from earshot.stores.pasted_lists import MAX_PASTED_BYTES


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


class ListedRequest(BaseModel):
    """Tracks that shall be a list, in its order."""

    model_config = ConfigDict(extra="forbid")

    track_ids: Annotated[list[ParsedTrackId], Field(min_length=1, max_length=250)]
    format: Format = None
    path_root: PathRoot = None


ListText = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_PASTED_BYTES,
        description="A list itself: lines of `artist - title`, a table with a header, or a playlist file.",
    ),
]
ListName = Annotated[str, Field(max_length=200, description="The file's name, whose end says its form.")]


class PlaylistRequest(BaseModel):
    """Tracks for a playlist in a media server."""

    model_config = ConfigDict(extra="forbid")

    to: Annotated[str, Field(min_length=1, max_length=20, description="Which media server: `subsonic` or `jellyfin`.")]
    name: Annotated[str, Field(min_length=1, max_length=200, description="The playlist's.")]
    track_ids: Annotated[list[ParsedTrackId], Field(min_length=1, max_length=500, description="In their order.")]
    replace: Annotated[bool, Field(description="A playlist with this name may be replaced.")] = False


class CrawlRequest(BaseModel):
    """What to crawl: a `playlist`, a list as `text`, or the playlist of an earlier crawl again."""

    model_config = ConfigDict(extra="forbid")

    again: Annotated[
        str | None, Field(max_length=64, description="The id of a crawl whose playlist is crawled again.")
    ] = None
    playlist: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=2048,
            description=f"A {labels(Can.LIST)} playlist, album or track (id, URI or URL), a manifest, or a folder of "
            "audio files of the machine that crawls.",
        ),
    ] = None
    text: ListText | None = None
    name: ListName = ""
    remove_missing: Annotated[
        bool,
        Field(
            description="Remove the tracks that earlier crawls of this playlist held and that neither it nor another "
            "playlist holds now. What may not have left after all is `withheld`."
        ),
    ] = False
    agreed: Annotated[
        int,
        Field(
            ge=0,
            le=10**9,
            description="So many tracks may be removed although there is doubt: `withheld.tracks` of an earlier crawl.",
        ),
    ] = 0
    only_new: Annotated[
        bool, Field(description="Leave alone what earlier crawls could not get: for crawls on a schedule.")
    ] = False

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if sum(given is not None for given in (self.playlist, self.text, self.again)) != 1:
            raise ValueError("give either `playlist`, or a list as `text`, or `again`")
        return self


class ListRequest(BaseModel):
    """A list to be looked at before it is crawled."""

    model_config = ConfigDict(extra="forbid")

    text: ListText
    name: ListName = ""


class QueryRequest(BaseModel):
    """The clip of a query by sound: how large it is, if it is to be uploaded, or else where it is."""

    model_config = ConfigDict(extra="forbid")

    size: Annotated[
        int | None,
        Field(ge=1, le=2**53, description="How many bytes the clip has, at most 32 MiB. The upload must have as many."),
    ] = None
    type: Annotated[
        str,
        Field(
            max_length=80,
            pattern=r"^(audio|video|application)/[A-Za-z0-9.+-]+$",
            description="Its media type. The upload must be of this type.",
        ),
    ] = "application/octet-stream"
    url: Annotated[
        str | None,
        Field(
            max_length=2048,
            pattern="^https://",
            description="https, on a host that the crawler may ask (EARSHOT_PROVIDERS, EARSHOT_ALLOWED_HOSTS).",
        ),
    ] = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.size is None) is (self.url is None):
            raise ValueError("give either `size`, of a clip that is to be uploaded, or `url`")
        return self
