"""What the HTTP API answers, as far as its clients read it. `docs/openapi.json` has the whole; a test compares."""

from typing import TypedDict


class TagJson(TypedDict):
    """A tag."""

    name: str


class TrackJson(TypedDict):
    """`GET /tracks/{id}`."""

    track_id: str
    title: str
    artists: list[str]
    indexed: bool


class DescriptorsJson(TypedDict):
    """What a track sounds like in music's words."""

    bpm: float | None
    other_bpm: float | None
    camelot: str | None


class ReasonJson(TypedDict):
    """Something unusual that is true of query and result: a tag, a tempo, a key, loudness, a year, a genre."""

    kind: str
    what: str


class FoundJson(TypedDict):
    """A track found; `similarity` and `closer_than` are None where the query was words."""

    track_id: str
    title: str
    artists: list[str]
    year: int | None
    genres: list[str]
    tags: list[TagJson]
    shared_tags: list[TagJson]
    descriptors: DescriptorsJson | None
    similarity: float | None
    closer_than: float | None
    reasons: list[ReasonJson]


class SeedJson(TypedDict):
    """A track that a query was made of; a negative weight: less of it."""

    track_id: str
    title: str
    artists: list[str]
    weight: float


class SimilarJson(TypedDict):
    """`GET` and `POST /similar`, `GET /path`."""

    query: list[SeedJson]
    results: list[FoundJson]


class SkippedJson(TypedDict):
    """A track that could not take part."""

    track_id: str
    message: str


class ExtendJson(SimilarJson):
    """`GET` and `POST /extend`."""

    skipped: list[SkippedJson]


class SourceJson(TypedDict):
    """A source of `GET /sources`."""

    name: str
    label: str
    on: bool
    gives: str
    switch_on: str | None


class SourcesJson(TypedDict):
    """`GET /sources`."""

    sources: list[SourceJson]


class SearchJson(TypedDict):
    """`GET /search`."""

    results: list[FoundJson]
    total: int


class UploadJson(TypedDict):
    """Where a clip goes."""

    method: str
    url: str
    headers: dict[str, str]


class OpenedJson(TypedDict):
    """`POST /queries`."""

    query_id: str
    upload: UploadJson | None
    status_url: str


class HeardJson(TypedDict):
    """`GET /queries/{id}`."""

    status: str
    reason: str | None
    message: str | None
    tags: list[TagJson]
    results: list[FoundJson]


class StartedJson(TypedDict):
    """`POST /crawls`."""

    crawl_id: str
    understood: str


class ListedRowJson(TypedDict):
    """A row of a list, as it was understood."""

    title: str
    artists: list[str]
    text: str
    track_id: str | None
    reason: str | None


class PreviewJson(TypedDict):
    """`POST /crawls/preview`."""

    form: str
    encoding: str
    columns: dict[str, str]
    ignored: list[str]
    total: int
    usable: int
    looked_for: int
    in_catalogue: int
    rows: list[ListedRowJson]


class ProblemJson(TypedDict):
    """What ended a crawl early."""

    message: str
    hint: str


class WithheldJson(TypedDict):
    """What a crawl did not remove, and why."""

    tracks: int
    doubt: str
    names: list[str]
    may_be_agreed: bool


class EntryJson(TypedDict):
    """An entry of a crawl."""

    number: int
    name: str
    track_id: str | None
    state: str
    reason: str | None
    detail: str


class EntriesJson(TypedDict):
    """`GET /crawls/{id}/entries`."""

    entries: list[EntryJson]
    next: int | None


class CrawlJson(TypedDict):
    """A crawl of `GET /crawls`."""

    crawl_id: str
    playlist: str
    finished: str | None
    waiting_until: str | None
    error: ProblemJson | None
    removed: int
    withheld: WithheldJson | None
    forgotten: str | None
    only_held: int


class ProgressJson(CrawlJson):
    """`GET /crawls/{id}`: counts of entries, in all, by state and by reason."""

    total: int
    pending: int
    done: bool
    states: dict[str, int]
    reasons: dict[str, int]


class PlaylistJson(TypedDict):
    """A playlist that has been crawled, of `GET /playlists`."""

    playlist_id: str
    name: str
    playlist: str
    again: str
    next_crawl: str | None
    crawl: ProgressJson | None


class PlaylistsJson(TypedDict):
    """`GET /playlists`."""

    playlists: list[PlaylistJson]
    next: str | None


class CrawlsJson(TypedDict):
    """`GET /crawls`."""

    crawls: list[CrawlJson]


class IndexJson(TypedDict):
    """The index version that answers."""

    version: str
    tracks: int
    model: str
    built_at: str
    recall: float | None


class HealthJson(TypedDict):
    """`GET /health`."""

    stage: str
    index: IndexJson | None


class ListenJson(TypedDict):
    """A play of `GET /listens`."""

    listened_at: int
    title: str
    artists: list[str]
    track_id: str | None
    is_skip: bool


class ListensJson(TypedDict):
    """`GET /listens`."""

    listener: str
    playing: ListenJson | None
    listens: list[ListenJson]


class ForgottenJson(TypedDict):
    """`DELETE /listens`."""

    listener: str
    asked_at: str
    gone_by: str


class PlayedWithJson(TypedDict):
    """A track of the query that the same people play."""

    track_id: str
    title: str
    listeners: int


class RecommendedJson(FoundJson):
    """A track of `GET /recommend` and `GET /radio`, and why it is there."""

    sounds_like: str | None
    played_with: PlayedWithJson | None


class RecommendJson(TypedDict):
    """`GET /recommend`, `GET /radio`."""

    basis: str
    plays: int
    query: list[SeedJson]
    results: list[RecommendedJson]
