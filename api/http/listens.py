"""What callers send and are told of plays. The OpenAPI document is generated from these shapes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from api.http.listenbrainz import MAX_LENGTH_MS, MAX_LISTENS
from api.http.options import ParsedTrackId
from earshot import fields
from earshot.plays import FIRST_LISTENED_AT, ListenerId, Play
from earshot.stores.listeners_table import Opinion


def _known(read: Callable[[object], str | None], what: str) -> AfterValidator:
    def check(given: str) -> str:
        if (found := read(given)) is None:
            raise ValueError(f"not {what}")
        return found

    return AfterValidator(check)


_Length = Annotated[int, Field(ge=1, le=MAX_LENGTH_MS)]
_Name = Annotated[str, Field(max_length=500), AfterValidator(fields.text)]
"""Without what cannot be written in UTF-8."""


class Playing(BaseModel):
    """What is being played: a track of the catalogue, or what the player calls it."""

    model_config = ConfigDict(extra="forbid")

    track_id: Annotated[ParsedTrackId | None, Field(description="Its id, URI or URL, if its source is known here.")] = (
        None
    )
    title: _Name = ""
    artists: Annotated[list[_Name], Field(max_length=20, description="The main one first.")] = []
    album: _Name = ""
    isrc: Annotated[Annotated[str, Field(max_length=20), _known(fields.isrc, "an ISRC")] | None, Field()] = None
    mbid: Annotated[
        Annotated[str, Field(max_length=40), _known(fields.mbid, "an id of MusicBrainz")] | None,
        Field(description="MusicBrainz's id of the recording."),
    ] = None
    duration_ms: Annotated[_Length | None, Field(description="Of the whole track.")] = None
    client: Annotated[str, Field(max_length=100, description="Which player says so."), AfterValidator(fields.text)] = ""

    @model_validator(mode="after")
    def _is_named(self) -> Self:
        if self.track_id is None and not (self.title and any(self.artists)):
            raise ValueError("give `track_id`, or `title` and `artists`")
        return self

    def play(self, listener: ListenerId, listened_at: int) -> Play:
        """The same in the field's own terms, begun at `listened_at` (Unix seconds)."""
        return Play(
            listener,
            listened_at,
            title=self.title,
            artists=tuple(filter(None, self.artists)),
            album=self.album,
            mbid=self.mbid,
            isrc=self.isrc,
            duration_ms=self.duration_ms,
            client=self.client,
            named_id=self.track_id,
        )


class Listened(Playing):
    """A play."""

    listened_at: Annotated[int, Field(ge=FIRST_LISTENED_AT, le=10**10, description="When it began, in Unix seconds.")]
    played_ms: Annotated[int | None, Field(ge=0, le=MAX_LENGTH_MS, description="How long it was played.")] = None
    skipped: Annotated[
        bool | None, Field(description="Whether it was left early; unsaid, `played_ms` tells: under half and 30 s.")
    ] = None

    def heard(self, listener: ListenerId) -> Play:
        """The same in the field's own terms."""
        return replace(self.play(listener, self.listened_at), played_ms=self.played_ms, skipped=self.skipped)


class ListensRequest(BaseModel):
    """Plays of one listener, in any order. The same one sent again is the same one."""

    model_config = ConfigDict(extra="forbid")

    listens: Annotated[list[Listened], Field(min_length=1, max_length=MAX_LISTENS)]


class OpinionRequest(BaseModel):
    """What the listener thinks of a track."""

    model_config = ConfigDict(extra="forbid")

    opinion: Opinion


class ListensAccepted(BaseModel):
    """The queue has them; they count within seconds."""

    accepted: Annotated[int, Field(description="How many, each counted once.")]
    listener: Annotated[str, Field(description="Whose they are: what Earshot calls whoever has this key.")]


class Listen(BaseModel):
    """A play as it is kept."""

    model_config = ConfigDict(from_attributes=True)

    listened_at: int
    track_id: Annotated[str | None, Field(description="In the catalogue; null as long as it holds no such track.")]
    title: str
    artists: list[str]
    album: str
    isrc: str | None
    mbid: str | None
    duration_ms: int | None
    played_ms: int | None
    is_skip: Annotated[bool, Field(description="Whether it was left early.")]
    client: str


class Listens(BaseModel):
    """A listener's latest plays, the latest first."""

    listener: str
    playing: Annotated[Listen | None, Field(description="What plays now, as far as the player says so.")]
    listens: list[Listen]
    before: Annotated[str | None, Field(description="Give it as `before` for those that came before; null: no more.")]


class Forgotten(BaseModel):
    """What was kept for quick answers is deleted; the archive of plays follows."""

    listener: str
    asked_at: str
    gone_by: Annotated[str, Field(description="When the archive holds nothing of the listener any more.")]


class Opinions(BaseModel):
    """What a listener thinks of tracks."""

    listener: str
    opinions: Annotated[dict[str, Opinion], Field(description="By track id.")]


class OpinionAnswer(BaseModel):
    """What is known now of a listener's opinion of a track."""

    track_id: str
    opinion: Annotated[Opinion | None, Field(description="null: none.")]
