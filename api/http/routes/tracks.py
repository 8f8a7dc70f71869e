"""GET /tracks; GET, PUT and DELETE /tracks/{track_id}, and where its audio can be heard."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Query as Parameter

from api.http.contract import TrackAnswer, TrackList, TrackRemoved, TrackRequested
from api.http.keys import key_required
from api.http.presentation import track_answer
from api.http.previews import preview_address
from api.http.routes.documented import accepted, answers
from api.http.routes.parameters import TrackIdInPath
from api.http.services import searcher_of, services_of
from earshot.errors import NoIndexYet, TrackNotFound
from earshot.ids import TrackId
from earshot.intake import request_track
from earshot.track import Status, Track

router = Router()
_Title = Annotated[str, Parameter(min_length=1, max_length=500, description="The title, as a list would give it.")]
_Artist = Annotated[str, Parameter(min_length=1, max_length=500, description="The artist, or one of them.")]


@router.get(
    "/tracks/<track_id>",
    summary="A track and its status",
    operation_id="track",
    tags=["tracks"],
    responses=answers(TrackAnswer, 404, 422, 503),
)
def track(track_id: TrackIdInPath) -> TrackAnswer:
    """What is known of a track, and how far it has come on its way into the index."""
    return _described(_known(track_id))


def _known(track_id: TrackId) -> Track:
    found = services_of(router).tracks.get(track_id)
    if found is None:
        raise _unknown(track_id)
    return found


def _unknown(track_id: TrackId) -> TrackNotFound:
    return TrackNotFound(f"no track {track_id}")


def _described(found: Track) -> TrackAnswer:
    return track_answer(found, indexed=_is_indexed(found.track_id))


@router.get(
    "/tracks",
    summary="The tracks of a title and artist",
    operation_id="look_up",
    tags=["tracks"],
    responses=answers(TrackList, 422, 503),
)
def look_up(title: _Title, artist: _Artist) -> TrackList:
    """Of this very title and artist, as crawls have found them, however they are spelled: case, accents, "The" and
    "feat." do not matter. A live cut has another title; `GET /search` finds what is only alike.

    A person's own files come first, then what has been heard. Empty where the catalogue has none.
    """
    return TrackList(tracks=[_described(found) for found in services_of(router).matching.called(title, artist)])


@router.delete(
    "/tracks/<track_id>",
    summary="Remove a track",
    operation_id="remove_track",
    tags=["tracks"],
    responses=answers(TrackRemoved, 401, 404, 422, 429),
    middlewares=[key_required],
)
def remove(track_id: TrackIdInPath) -> TrackRemoved:
    """What was heard of it is deleted, and the index lacks it seconds later. It stays away, whichever playlist lists it
    and however often that is crawled, until `PUT /tracks/{track_id}` asks for it. Whoever removes it twice hears that
    it is not there.
    """
    found = _known(track_id)
    if not services_of(router).tracks.remove(found.track_id):
        raise _unknown(track_id)
    return TrackRemoved(track_id=found.track_id)


@router.put(
    "/tracks/<track_id>",
    summary="Have one track heard",
    operation_id="request_track",
    tags=["tracks"],
    responses=answers(TrackAnswer, 401, 404, 409, 422, 429) | accepted(TrackRequested),
    middlewares=[key_required],
)
def request(track_id: TrackIdInPath) -> Response[TrackAnswer | TrackRequested]:
    """200 when it is there already; 202 when it was accepted: searchable seconds later, follow `status_url`."""
    services = services_of(router)
    found = request_track(
        track_id, tracks=services.tracks, fetch_queue=services.fetch_queue, wait_s=services.rules.request_wait_s
    )
    status_url = f"/tracks/{quote(found.track_id, safe='')}"
    if found.status is Status.READY:
        return Response(status_code=HTTPStatus.OK.value, content_type="application/json", body=_described(found))
    return Response(
        status_code=HTTPStatus.ACCEPTED.value,
        content_type="application/json",
        headers={"Location": status_url},
        body=TrackRequested(
            track_id=found.track_id, status=found.status.value, reason=found.reason, status_url=status_url
        ),
    )


@router.get("/tracks/<track_id>/audio", include_in_schema=False)
def audio(track_id: TrackIdInPath) -> Response[str]:
    """Sends a listener to the provider's own server. (One's own files: api/one_machine.)"""
    address = preview_address(_known(track_id), services_of(router).fresh_previews)
    headers = {"Location": address, "Cache-Control": "no-store"}
    return Response(status_code=HTTPStatus.FOUND.value, headers=headers, body="")


def _is_indexed(track_id: str) -> bool:
    try:
        return searcher_of(router).contains(track_id)
    except NoIndexYet:
        return False
