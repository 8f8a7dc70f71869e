"""What a caller may ask of the answers, as it comes over HTTP. Every route that ranks takes the same options."""

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from api.answers.filters import ANY, ANY_SPAN, Filters
from api.answers.options import Options
from api.http.in_words import keys_meant, loudness_span, tempo_span
from api.http.lists import Format, PathRoot
from api.http.ranges import popularities, seconds, years
from earshot.ids import TrackId, parse_track_id
from earshot.keys import Key
from earshot.sources import TRACK_SOURCES

MAX_K = 100
MAX_OFFSET = 900

TrackIdText = Annotated[str, Field(min_length=1, max_length=512)]
ParsedTrackId = Annotated[TrackId, Field(min_length=1, max_length=512), AfterValidator(parse_track_id)]
"""An id, URI or URL; what is none of these is refused as `InvalidTrackId` before anything else is looked at."""
Listening = Annotated[
    float,
    Field(
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="How much it counts what the same people play: 0 only the sound, 1 only that. While nothing has "
        "been learned of plays (`spaces` does not name it) sound alone counts.",
    ),
]
"""The weight of the space `listening`."""
TagName = Annotated[str, Field(min_length=1, max_length=40)]
Name = Annotated[str, Field(min_length=1, max_length=200)]

if TYPE_CHECKING:
    SourceName = str
else:
    SourceName = Literal[TRACK_SOURCES]
"""A source that tracks come from."""


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _checked(parse: Callable[[str], object]) -> AfterValidator:
    def check(text: str) -> str:
        parse(text)
        return text

    return AfterValidator(check)


_MADE = ("filters", "heard")
"""Of a ranking's options what no parameter is by itself."""


class FilterParameters(BaseModel):
    """What results must be. What is not known of a track does not pass where it is asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tags: Annotated[
        list[TagName],
        Field(max_length=10, description="Only results of which all of these are said; `GET /tags` lists what is."),
    ] = []
    source: Annotated[SourceName | None, Field(description="Only results of this source.")] = None
    genre: Annotated[
        list[Name],
        Field(max_length=20, description="Only results of one of these genres, as their files or servers say."),
    ] = []
    year: Annotated[
        Annotated[str, Field(min_length=1, max_length=40), _checked(years)] | None,
        BeforeValidator(_text),
        Field(description="Only results of these years: `1994`, `1990-1999`, `1990-`, `-1999` or `1990s`."),
    ] = None
    length: Annotated[
        Annotated[str, Field(min_length=1, max_length=40), _checked(seconds)] | None,
        BeforeValidator(_text),
        Field(description="Only results so long: `3:00-5:30`, `-10:00`, `120-` (minutes and seconds, or seconds)."),
    ] = None
    folder: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=1024,
            description="Only results whose file lies in this folder or below: `/music/Jazz` from the root, `Jazz` "
            "wherever it is.",
        ),
    ] = None
    not_artist: Annotated[
        list[Name], Field(max_length=200, description="No results that one of these artists plays on.")
    ] = []
    bpm: Annotated[
        Annotated[str, Field(min_length=1, max_length=40), _checked(tempo_span)] | None,
        BeforeValidator(_text),
        Field(
            description="Only results of this tempo: `122`, `118-126`, `120-`, `-100`. Twice or half as fast counts "
            "where the track says that it may be felt so."
        ),
    ] = None
    key: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=20), _checked(keys_meant)]],
        Field(
            max_length=24,
            description="Only results in one of these keys: `Am`, `F# minor`, `8A`; `8A±1` is 8A and its neighbours on "
            "the Camelot wheel (7A, 9A, 8B).",
        ),
    ] = []
    loudness: Annotated[
        Annotated[str, Field(min_length=1, max_length=40), _checked(loudness_span)] | None,
        BeforeValidator(_text),
        Field(description="Only results so loud, in LUFS: `-9`, `-14..-9`, `-14..`, `..-9`."),
    ] = None
    popularity: Annotated[
        Annotated[str, Field(min_length=1, max_length=20), _checked(popularities)] | None,
        BeforeValidator(_text),
        Field(description="Only results so well known, from 0 to 100: `20-60`, `60-`, `-20`."),
    ] = None

    def filters(self) -> Filters:
        """The same in the answers' own terms."""
        return Filters(
            tags=self.tags,
            source=self.source,
            genres=self.genre,
            years=years(self.year) if self.year else ANY,
            seconds=seconds(self.length) if self.length else ANY,
            folder=self.folder.replace("，", ",") if self.folder else None,
            not_artists=self.not_artist,
            bpm=tempo_span(self.bpm) if self.bpm else ANY_SPAN,
            keys=frozenset[Key]().union(*map(keys_meant, self.key)),
            loudness=loudness_span(self.loudness) if self.loudness else ANY_SPAN,
            popularity=popularities(self.popularity) if self.popularity else ANY,
        )


class OptionParameters(FilterParameters):
    """How many answers, which ones, and how much alike they may be among themselves."""

    k: Annotated[int, Field(ge=1, le=MAX_K, description="How many results at most.")] = 10
    offset: Annotated[int, Field(ge=0, le=MAX_OFFSET, description="How many of the best to pass over (paging).")] = 0
    min_similarity: Annotated[
        float | None,
        Field(ge=-1, le=1, allow_inf_nan=False, description="Only results at least this similar to the query."),
    ] = None
    max_per_artist: Annotated[
        int | None, Field(ge=1, le=MAX_K, description="At most so many results of one artist.")
    ] = None
    max_per_album: Annotated[int | None, Field(ge=1, le=MAX_K, description="At most so many results of one album.")] = (
        None
    )
    exclude: Annotated[
        list[ParsedTrackId], Field(max_length=200, description="Tracks that must not be among them.")
    ] = []
    fame: Annotated[
        float,
        Field(
            ge=-1,
            le=1,
            allow_inf_nan=False,
            description="Towards 1: of tracks that fit about as well those that are well known come first. Towards -1: "
            "hidden gems. Similarities stay true; what is known of no track changes nothing.",
        ),
    ] = 0.0
    diversity: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            allow_inf_nan=False,
            description="0: the most similar. Towards 1: results that differ among themselves (maximal marginal "
            "relevance); similarities stay true.",
        ),
    ] = 0.0
    collapse_versions: Annotated[
        bool,
        Field(
            description="Show one result for all versions of a recording (same ISRC, or same title and same sound) "
            "and list the others under it."
        ),
    ] = True

    listening: Listening = 0.0
    format: Format = None
    path_root: PathRoot = None

    def options(self) -> Options:
        """The same in the answers' own terms."""
        return Options(
            filters=self.filters(),
            **{field.name: getattr(self, field.name) for field in fields(Options) if field.name not in _MADE},
        )


class RecommendParameters(OptionParameters):
    """What a listener is recommended."""

    k: Annotated[int, Field(ge=1, le=50, description="How many results at most.")] = 20
    max_per_artist: Annotated[
        int | None, Field(ge=1, le=MAX_K, description="At most so many results of one artist.")
    ] = 2
    listening: Listening = 0.5
    seeds: Annotated[
        list[ParsedTrackId],
        Field(max_length=20, description="Tracks that count as if they were played now: for who has played nothing."),
    ] = []
    freshness: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            allow_inf_nan=False,
            description="0: what was played before may come as well as anything. Towards 1: the later it was played, "
            "the less.",
        ),
    ] = 0.5
    not_played_for_days: Annotated[
        int, Field(ge=0, le=3650, description="Nothing that was played within so many days, of the 12,000 last tracks.")
    ] = 7
    new_to_me: Annotated[
        bool, Field(description="Nothing that was ever played or loved, as far as it is remembered.")
    ] = False


class RadioParameters(OptionParameters):
    """What may follow on what plays."""

    k: Annotated[int, Field(ge=1, le=20, description="How many results at most.")] = 5
    max_per_artist: Annotated[
        int | None, Field(ge=1, le=MAX_K, description="At most so many results of one artist.")
    ] = 1
    listening: Listening = 0.5
    track_id: Annotated[ParsedTrackId | None, Field(description="Where to go on from; without it from what plays.")] = (
        None
    )
    not_played_for_days: Annotated[int, Field(ge=0, le=30, description="Nothing that was played so lately.")] = 1
