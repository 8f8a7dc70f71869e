"""Parameters that several routes share."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

TrackIdText = Annotated[
    str,
    Query(
        min_length=1,
        max_length=512,
        description="A track: Spotify id, URI or URL, `deezer:<number>` or Deezer URL, or `file:<16 hex digits>`.",
        examples=["11dFghVXANMlKmJXsNCbNl"],
    ),
]
K = Annotated[int, Query(ge=1, le=100, description="How many results.")]
