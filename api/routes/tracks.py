"""GET and PUT /tracks/{track_id}, and where its audio can be heard."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote, unquote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Path

from api.audio import preview_address
from api.bootstrap import services
from api.contract import TagStrength, TrackAnswer, TrackRequested
from api.keys import key_required
from api.routes.documented import accepted, answers
from earshot.errors import NoIndexYet, TrackNotFound
from earshot.intake import request_track
from earshot.track import Status, Track
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
    return _describe(found)


def _describe(found: Track) -> TrackAnswer:
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
        status=found.status.value,
        reason=found.reason,
        provider=found.provider,
        model=found.model,
        tags=[TagStrength(name=tag.name, probability=tag.probability) for tag in found.tags],
        indexed=_is_indexed(info.track_id),
        updated_at=found.updated_at,
    )


@router.put(
    "/tracks/<track_id>",
    summary="Have one track heard",
    operation_id="request_track",
    tags=["tracks"],
    responses=answers(TrackAnswer, 401, 404, 409, 422) | accepted(TrackRequested),
    middlewares=[key_required],
)
def request(
    track_id: Annotated[str, Path(max_length=512, description="Id, URI or percent-encoded URL.")],
) -> Response[TrackAnswer | TrackRequested]:
    """200 when it is there already; 202 when it was accepted: searchable seconds later, follow `status_url`."""
    found = request_track(
        unquote(track_id),
        tracks=services().tracks,
        fetch_queue=services().fetch_queue,
        wait_s=services().settings.request_wait_s,
    )
    status_url = f"/tracks/{quote(found.track_id, safe='')}"
    if found.status is Status.READY:
        return Response(status_code=HTTPStatus.OK.value, content_type="application/json", body=_describe(found))
    return Response(
        status_code=HTTPStatus.ACCEPTED.value,
        content_type="application/json",
        headers={"Location": status_url},
        body=TrackRequested(
            track_id=found.track_id, status=found.status.value, reason=found.reason, status_url=status_url
        ),
    )


@router.get("/tracks/<track_id>/audio", include_in_schema=False)
def audio(track_id: Annotated[str, Path(max_length=512)]) -> Response[str]:
    """Sends a listener to the provider's own server. (The local stage plays files of one's own: api/local.py.)"""
    address = preview_address(
        services().tracks, parse_track_id(unquote(track_id)), deezer_api_url=services().settings.deezer_api_url
    )
    headers = {"Location": address, "Cache-Control": "no-store"}
    return Response(status_code=HTTPStatus.FOUND.value, headers=headers, body="")


def _is_indexed(track_id: str) -> bool:
    try:
        return bool(services().index.current().contains(track_id))
    except NoIndexYet:
        return False
