"""Parameters that several routes share."""

from typing import Annotated
from urllib.parse import unquote

from aws_lambda_powertools.event_handler.openapi.params import Path
from aws_lambda_powertools.event_handler.openapi.params import Query as Parameter
from pydantic import AfterValidator

from api.http.lists import Format, PathRoot
from api.http.options import FilterParameters, Listening, OptionParameters, TrackIdText
from earshot.ids import TrackId, parse_track_id
from earshot.sources import Can, labels, track_id_forms

TRACK = f"A track: its id ({track_id_forms()}; bare: Spotify's), or its URI or URL of {labels(Can.LOOK_UP)}."

_parsed = AfterValidator(parse_track_id)
_unquoted_and_parsed = AfterValidator(lambda text: parse_track_id(unquote(text)))

TrackIdParameter = Annotated[TrackId, _parsed, Parameter(min_length=1, max_length=512, description=TRACK)]
FromParameter = Annotated[TrackId, _parsed, Parameter(alias="from", min_length=1, max_length=512, description=TRACK)]
ToParameter = Annotated[TrackId, _parsed, Parameter(alias="to", min_length=1, max_length=512, description=TRACK)]
TrackIdInPath = Annotated[
    TrackId, _unquoted_and_parsed, Path(max_length=512, description="Id, URI or percent-encoded URL.")
]
TrackIdsParameter = Annotated[
    list[TrackIdText], Parameter(min_length=1, max_length=100, description="Tracks in playlist order, comma-separated.")
]
LimitParameter = Annotated[int, Parameter(ge=1, le=100, description="How many at most.")]
OffsetParameter = Annotated[int, Parameter(ge=0, le=10_000, description="How many to pass over (paging).")]
FiltersParameter = Annotated[FilterParameters, Parameter()]
OptionsParameter = Annotated[OptionParameters, Parameter()]
ListeningParameter = Annotated[Listening, Parameter()]
FormatParameter = Annotated[Format, Parameter()]
PathRootParameter = Annotated[PathRoot, Parameter()]
