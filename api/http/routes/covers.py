"""GET /covers/{cover} and /tracks/{track_id}/cover: pictures of albums."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Path
from aws_lambda_powertools.event_handler.openapi.params import Query as Parameter

from api.http.artwork import artwork_of
from api.http.covers import picture
from api.http.routes.parameters import TrackIdInPath
from api.http.services import services_of
from earshot.covers import DIGITS, SIZES
from earshot.errors import CoverNotFound, TrackNotFound

router = Router()

_Size = Annotated[int, Parameter(ge=1, le=10_000, description="Pixels of the longer side that are enough.")]


@router.get("/covers/<cover>", include_in_schema=False)
def cover(cover: Annotated[str, Path(pattern=rf"^[0-9a-f]{{{DIGITS}}}$")], size: _Size = SIZES[-1]) -> Response[str]:
    """A cover that is kept here."""
    return picture(router, cover, size)


@router.get("/tracks/<track_id>/cover", include_in_schema=False)
def of_track(track_id: TrackIdInPath, size: _Size = SIZES[-1]) -> Response[str]:
    """Sends whoever looks to where the cover is: here, or at the provider."""
    found = services_of(router).tracks.get(track_id)
    if found is None:
        raise TrackNotFound(f"no track {track_id}")
    address = artwork_of(found.info) or ""
    if found.info.own_cover:
        address = f"{address}?size={size}"
    elif not address.startswith("https://"):
        raise CoverNotFound(f"track {track_id} has no cover")
    headers = {"Location": address, "Cache-Control": "no-store"}
    return Response(status_code=HTTPStatus.FOUND.value, headers=headers, body="")
