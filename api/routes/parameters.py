"""Parameters that several routes share."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from api.options import Options, TagName, TrackIdText

TRACK = "A track: Spotify id, URI or URL, `deezer:<number>` or Deezer URL, or `file:<16 hex digits>`."

TrackIdQuery = Annotated[str, Query(min_length=1, max_length=512, description=TRACK)]
TrackIdsQuery = Annotated[
    list[TrackIdText], Query(min_length=1, max_length=100, description="Tracks in playlist order, comma-separated.")
]
TagsQuery = Annotated[list[TagName], Query(max_length=10, description="Tags, comma-separated; all must be present.")]
LimitQuery = Annotated[int, Query(ge=1, le=100, description="How many at most.")]
OffsetQuery = Annotated[int, Query(ge=0, le=10_000, description="How many to pass over (paging).")]
OptionsQuery = Annotated[Options, Query()]
