"""The shapes that travel over HTTP. The OpenAPI document is generated from them."""

from dataclasses import fields
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from api.answers.found import Common
from api.answers.recommend import Basis
from earshot.track import TrackInfo

_UNSHOWN = ("preview_url", "cover")
"""A signed address expires, a path of this machine is nobody's business, and `artwork_url` says where the cover is."""
KNOWN = tuple(field.name for field in fields(TrackInfo) if field.name not in _UNSHOWN)
"""What answers say of a track that is asked for by name. A new field of `TrackInfo` is shown without another line."""
BRIEF = tuple(name for name in KNOWN if name not in ("isrc", "path", "cover_id"))
"""What they say of tracks that were found."""

FROM_ANSWERS = ConfigDict(from_attributes=True)
"""Read from the answers' own types where these have the same names."""


def _showing(names: tuple[str, ...]) -> type[BaseModel]:
    types = get_type_hints(TrackInfo)
    definitions: Any = {name: (types[name], ...) for name in names}
    model: type[BaseModel] = create_model("TrackFields", **definitions)
    return model


class TagStrength(BaseModel):
    """A tag of the network's own head."""

    model_config = FROM_ANSWERS
    name: str
    probability: Annotated[float, Field(ge=0, le=1)]


class HeardTag(TagStrength):
    """One of the ten likeliest tags."""

    said: Annotated[
        bool, Field(description="Whether it is likely enough to be said: searched for, filtered by and shown.")
    ]


class TagShare(TagStrength):
    """A tag that is said, and of how many it is."""

    share: Annotated[
        float, Field(ge=0, le=1, description="Of what share of the catalogue it is said: what is rare tells more.")
    ]


class DescriptorsAnswer(BaseModel):
    """What the 30 s that were heard sound like in music's words; null: it could not be told."""

    model_config = FROM_ANSWERS
    bpm: Annotated[float | None, Field(description="Tempo in beats per minute.")]
    other_bpm: Annotated[
        float | None, Field(description="Twice or half as much, where a listener may as well count so.")
    ]
    pulse_clarity: Annotated[
        float | None, Field(ge=0, le=1, description="How clearly a beat is felt: what invites to dance.")
    ]
    key: Annotated[str | None, Field(description="Such as `A minor`.")]
    camelot: Annotated[str | None, Field(description="The key on the Camelot wheel, such as `8A`.")]
    key_confidence: Annotated[float | None, Field(ge=0, le=1, description="How probable the key is among all 24.")]
    loudness: Annotated[float | None, Field(description="Integrated loudness in LUFS (ITU-R BS.1770-4).")]
    loudness_range: Annotated[float | None, Field(description="In LU (EBU Tech 3342).")]


class FactsAnswer(BaseModel):
    """What a provider said of the recording; null: it does not know."""

    model_config = FROM_ANSWERS
    provider: str
    asked: Annotated[str, Field(description="The day on which it was asked.")]
    mbid: Annotated[str | None, Field(description="The recording at MusicBrainz.")]
    year: Annotated[int | None, Field(description="Of the first release.")]
    artist_mbid: Annotated[str | None, Field(description="The first artist at MusicBrainz.")]
    country: Annotated[str | None, Field(description="Of the first artist (ISO 3166-1).")]
    genres: list[str]
    plays: int | None
    listeners: int | None
    page_views: int | None


InWords = Annotated[
    DescriptorsAnswer | None, Field(description="Tempo, key, loudness; null: it was heard before these were told.")
]


class SharedTag(BaseModel):
    """A tag that is said of query and result; `strength` is the smaller of the two probabilities."""

    model_config = FROM_ANSWERS
    name: str
    strength: Annotated[float, Field(ge=0, le=1)]


class ReasonAnswer(BaseModel):
    """Something that is true of both query and result, and of at most a quarter of the catalogue."""

    model_config = FROM_ANSWERS
    kind: Annotated[
        Common,
        Field(
            description="What they have in common; much: a tag of many tracks, more than most of these; level: both "
            "quieter or louder than most of the catalogue."
        ),
    ]
    what: Annotated[
        str,
        Field(
            description="The tag, the result's tempo in beats per minute, the key, quiet or loud, the year or genre."
        ),
    ]
    share: Annotated[
        float, Field(ge=0, le=1, description="How much of the catalogue has it, of a tag at least as much as both.")
    ]


class PlayedWith(BaseModel):
    """A track of the query that is played by who plays the result."""

    track_id: str
    title: str
    artists: list[str]
    listeners: Annotated[int, Field(ge=3, description="How many have played both; of fewer than 3 nothing is said.")]


class Version(BaseModel):
    """Another version of the same recording."""

    model_config = FROM_ANSWERS
    track_id: str
    title: str
    artists: list[str]
    album: str
    url: str | None


class TrackBrief(_showing(BRIEF)):  # type: ignore[misc]
    """What is shown of an indexed track."""

    tags: Annotated[list[TagShare], Field(description="Up to five tags that are said of it, likeliest first.")]
    descriptors: InWords


class Result(TrackBrief):
    """A track found, and why."""

    similarity: Annotated[
        float | None,
        Field(ge=-1, le=1, description="Cosine similarity, 1 = identical; null where the query was words, not sound."),
    ]
    closer_than: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            description="What share of the catalogue sounds less like the query: .993 is closer than 99.3 % of it. "
            "Counted where there are up to 4,096 tracks, else told from as many. Null where `similarity` is.",
        ),
    ]
    score: Annotated[
        float | None,
        Field(description="What orders the results, best first; null where words or the way from track to track do."),
    ]
    shared_tags: Annotated[list[SharedTag], Field(description="Tags said of it and of the query, strongest first.")]
    reasons: Annotated[
        list[ReasonAnswer], Field(description="What is unusual about it and the query alike, the rarest first.")
    ]
    versions: Annotated[list[Version], Field(description="Versions of the same recording that it stands for.")]
    sounds_like: Annotated[
        str | None, Field(description="Of several tracks of `query` the one that it is nearest to, by its id.")
    ]
    played_with: Annotated[
        PlayedWith | None, Field(description="What of the query it is played together with, where `listening` counts.")
    ]


class QueryTrack(TrackBrief):
    """A track that the query was made of."""

    weight: Annotated[float, Field(description="How much it counts; negative: less of this.")]
    versions: Annotated[list[Version], Field(description="Its other versions, which are not among the results.")]


class Skipped(BaseModel):
    """A track that could not take part, and why."""

    track_id: str
    code: str
    message: str


class SpaceVersion(BaseModel):
    """A kind of evidence that an answer rests on."""

    version: Annotated[str, Field(description="Of what it knows.")]
    recipe: Annotated[str | None, Field(description="What made vectors of what the network heard.")]


Spaces = Annotated[dict[str, SpaceVersion], Field(description="What the answer rests on, by name.")]


class SimilarAnswer(BaseModel):
    """Tracks found, best first."""

    index_version: str
    model: str
    spaces: Spaces
    query: Annotated[list[QueryTrack], Field(description="What the query was made of; empty for words and clips.")]
    results: list[Result]


class ExtendAnswer(SimilarAnswer):
    """Tracks that continue a playlist, best first."""

    skipped: Annotated[list[Skipped], Field(description="Tracks of the playlist that could not take part, and why.")]


class RecommendAnswer(SimilarAnswer):
    """Tracks for one listener, best first."""

    basis: Annotated[
        Basis,
        Field(
            description="plays: what the listener played, loves or named. spread: nothing is known, so tracks from all "
            "over the catalogue."
        ),
    ]
    plays: Annotated[int, Field(description="How many of the last plays counted.")]


class SearchAnswer(BaseModel):
    """Tracks found by words."""

    index_version: str
    model: str
    spaces: Spaces
    total: Annotated[int, Field(description="How many tracks match in all.")]
    results: list[Result]


class TagCount(BaseModel):
    """A tag, and how common it is."""

    name: str
    tracks: Annotated[int, Field(description="Of how many tracks it is said.")]
    share: Annotated[float, Field(ge=0, le=1, description="The same as a share of the catalogue.")]
    base_rate: Annotated[float, Field(ge=0, le=1, description="How probable it is of music at large.")]
    threshold: Annotated[float, Field(ge=0, le=1, description="The least probability with which it is said.")]


class TagsAnswer(BaseModel):
    """The tags that are said of any track, the commonest first."""

    index_version: str
    tracks: Annotated[int, Field(description="Of the catalogue.")]
    tags: list[TagCount]


class GenreCount(BaseModel):
    """A genre, and how many tracks are of it."""

    name: Annotated[str, Field(description="As most of its tracks write it.")]
    tracks: int


class GenresAnswer(BaseModel):
    """The genres of the catalogue, the commonest first; at most a thousand."""

    index_version: str
    genres: list[GenreCount]


class Upload(BaseModel):
    """Where a clip goes, and with which headers: the address was signed for these and for the size announced."""

    method: Literal["PUT"] = "PUT"
    url: Annotated[
        str, Field(description="Of S3; on one machine, where it begins with a slash, of this API, as `status_url` is.")
    ]
    headers: dict[str, str]
    expires_in_s: Annotated[int, Field(description="Seconds within which the upload must have begun.")]


class QueryOpened(BaseModel):
    """A query by sound waits for its clip."""

    query_id: str
    upload: Annotated[Upload | None, Field(description="Where to PUT the clip; null when it came as a URL.")]
    status_url: str


class QueryAnswer(BaseModel):
    """A query by sound, and once its clip has been heard what sounds like it."""

    status: Literal["pending", "ready", "failed"]
    reason: Annotated[str | None, Field(description="Why the clip could not be heard; see docs/errors.md.")] = None
    message: str | None = None
    index_version: str | None = None
    model: str | None = None
    spaces: Spaces = {}
    tags: Annotated[list[TagStrength], Field(description="Tags that are said of the clip, likeliest first.")] = []
    descriptors: InWords = None
    results: list[Result] = []


class TrackRequested(BaseModel):
    """A track is on its way into the index."""

    track_id: str
    status: str
    reason: str | None
    status_url: str


class MapAnswer(BaseModel):
    """Where tracks lie on the map, as columns of equal length; x and y are about -1 to 1."""

    index_version: str
    total: Annotated[int, Field(description="Tracks in the index; more than are listed where the map is a sample.")]
    track_ids: list[str]
    x: list[float]
    y: list[float]
    titles: list[str]
    artists: list[str]
    tags: Annotated[list[str], Field(description="Each track's strongest tag that is said; empty: none is.")]


class ListedTracks(BaseModel):
    """Tracks that were named, in their order."""

    index_version: str
    results: list[TrackBrief]
    missing: Annotated[list[str], Field(description="Those that the index does not hold.")]


class TrackAnswer(_showing(KNOWN)):  # type: ignore[misc]
    """What is known of a track, and how far it has come."""

    status: Annotated[str, Field(description="pending, ready, no_preview or failed")]
    reason: Annotated[str | None, Field(description="Why a track failed or has no preview.")]
    provider: Annotated[str | None, Field(description="Who served the preview.")]
    model: Annotated[str | None, Field(description="The network that heard it.")]
    tags: Annotated[list[HeardTag], Field(description="The ten likeliest, likeliest first.")]
    descriptors: InWords
    facts: Annotated[list[FactsAnswer], Field(description="What others said of it, each in its own words.")]
    indexed: Annotated[bool, Field(description="Whether the current index version holds it.")]
    updated_at: str | None


class TrackList(BaseModel):
    """Tracks that were looked up."""

    tracks: list[TrackAnswer]


class TrackRemoved(BaseModel):
    """A track that is removed."""

    track_id: str


class ListedRow(BaseModel):
    """A row of a list, as it was understood."""

    title: str
    artists: list[str]
    album: str
    isrc: str | None
    duration_ms: int | None
    location: Annotated[str, Field(description="The path or address that the list gives.")]
    text: Annotated[str, Field(description="The row as it stands in the list, shortened.")]
    track_id: Annotated[str | None, Field(description="The track of the catalogue that it is.")]
    reason: Annotated[str | None, Field(description="`bad_row`: nothing in it names a recording.")]


class ListPreview(BaseModel):
    """What was understood of a list."""

    form: Annotated[str, Field(description="csv, lines, m3u8, pls, xspf, jspf, json, jsonl or cue.")]
    title: str
    encoding: str
    delimiter: Annotated[str, Field(description="Of a table: what parts its columns.")]
    columns: Annotated[dict[str, str], Field(description="Of a table: what each column was taken for.")]
    ignored: Annotated[list[str], Field(description="Of a table: columns that are not used.")]
    total: Annotated[int, Field(description="Rows.")]
    usable: Annotated[int, Field(description="Rows that name a recording.")]
    looked_for: Annotated[int, Field(description="How many of the first rows were looked for in the catalogue.")]
    in_catalogue: Annotated[int, Field(description="How many of these it holds.")]
    rows: Annotated[list[ListedRow], Field(description="The first rows.")]


class PlaylistWritten(BaseModel):
    """A playlist that a media server keeps now."""

    playlist: Annotated[str, Field(description="What the server calls it.")]
    written: Annotated[list[str], Field(description="The tracks in it, in their order.")]
    missing: Annotated[list[str], Field(description="Tracks that the server does not hold, or nobody has crawled.")]


class SourceAnswer(BaseModel):
    """A source of tracks or previews, and whether it is on in this stage."""

    name: Annotated[str, Field(description="What `source` says of tracks, and EARSHOT_PROVIDERS of sources.")]
    label: str
    on: bool
    lists: Annotated[bool, Field(description="Whether its playlists can be crawled.")]
    finds: Annotated[bool, Field(description="Whether it finds previews of tracks from elsewhere.")]
    gives: Annotated[str, Field(description="What can be had from it today.")]
    switch_on: Annotated[str | None, Field(description="What to do in this stage to have it; null where it is on.")]


class SourceList(BaseModel):
    """Where music may come from."""

    sources: list[SourceAnswer]


class EngineTrial(BaseModel):
    """What the builder found of an engine when it chose one."""

    engine: str
    verdict: Annotated[str, Field(description="chosen, slower, finds too little, or cannot be faster (not built).")]
    seconds: Annotated[
        float, Field(description="Until a reader that starts with nothing has had a thousand answers; at least.")
    ]
    bytes: Annotated[int, Field(description="Of the engine's files; at least.")]
    recall: Annotated[float | None, Field(description="recall@10; null where it was not built.")]
    query_ms: Annotated[float | None, Field(description="A processor's milliseconds per query; null likewise.")]


class EngineHealth(BaseModel):
    """An engine that searches a part of the index, as it searches the largest segment of that part."""

    name: Annotated[str, Field(description="exact, annoy, ivf_rabitq or hnsw (docs/adr/0037).")]
    tracks: Annotated[int, Field(description="Rows that it searches, those of deleted tracks included.")]
    params: dict[str, int]
    recall: Annotated[float, Field(description="recall@10 against exact search, measured when it was built.")]
    trials: Annotated[list[EngineTrial], Field(description="Why this one; empty where there was no choice.")]


class IndexHealth(BaseModel):
    """The index version that answers."""

    version: str
    tracks: int
    model: str
    built_at: str
    build_s: Annotated[float, Field(description="Seconds that building it took.")]
    recall: Annotated[float | None, Field(description="recall@10 against exact search, measured when it was built.")]
    search_k: Annotated[int | None, Field(description="Annoy's effort per query; null: Annoy searches nothing.")]
    engines: Annotated[list[EngineHealth], Field(description="What searches the tracks, most of them first.")]


class Health(BaseModel):
    """Whether the service can answer, and from what."""

    status: Annotated[str, Field(description="ok, or no_index while nothing has been indexed")]
    stage: str
    index: IndexHealth | None
    spaces: Annotated[Spaces, Field(description="What answers rest on, by name.")]
    popularity: Annotated[
        bool, Field(description="Whether it is known of any track how well known it is; else `fame` changes nothing.")
    ] = False


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
