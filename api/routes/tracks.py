"""GET /tracks/{track_id}."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Path

from api.audio import preview_address
from api.bootstrap import services
from api.contract import TagStrength, TrackAnswer
from api.routes.documented import answers
from earshot.errors import NoIndexYet, TrackNotFound
from earshot.track_id import parse_track_id

router = Router()


@router.get(
    "/tracks/<track_id>",
    summary="A track and its status",
    operation_id="track",
    tags=["tracks"],
    responses=answers(TrackAnswer, 404, 422, 503),
)
def track(track_id: Annotated[str, Path(max_length=512, description="Id, URI or percent-encoded URL.")]) -> TrackAnswer:
    """What is known of a track, and how far it has come on its way into the index."""
    canonical = parse_track_id(unquote(track_id))
    found = services().tracks.get(canonical)
    if found is None:
        raise TrackNotFound(f"no track {canonical}")
    info = found.info
    return TrackAnswer(
        track_id=info.track_id,
        source=info.source,
        title=info.title,
        artists=list(info.artists),
        album=info.album,
        isrc=info.isrc,
        duration_ms=info.duration_ms,
        url=info.url,
        artwork_url=info.artwork_url,
        status=found.status,
        reason=found.reason,
        provider=found.provider,
        model=found.model,
        tags=[TagStrength(name=tag.name, probability=tag.probability) for tag in found.tags],
        indexed=_is_indexed(canonical),
        updated_at=found.updated_at,
    )


@router.get("/tracks/<track_id>/audio", include_in_schema=False)
def audio(track_id: Annotated[str, Path(max_length=512)]) -> Response[str]:
    """Sends a listener to the provider's own server. (The local stage plays files of one's own: api/local.py.)"""
    address = preview_address(services().tracks, parse_track_id(unquote(track_id)))
    return Response(status_code=HTTPStatus.FOUND.value, headers={"Location": address, "Cache-Control": "no-store"})


def _is_indexed(track_id: str) -> bool:
    try:
        return bool(services().index.current().contains(track_id))
    except NoIndexYet:
        return False
