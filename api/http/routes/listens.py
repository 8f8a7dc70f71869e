"""Plays of a listener: taken in, shown, exported, deleted; and what was loved or banned. Nobody sees anybody else's."""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, TypeVar
from urllib.parse import quote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.openapi.params import Query as Parameter
from pydantic import BaseModel
from pydantic_core import to_json

from api.http.listenbrainz import AHEAD_S
from api.http.listeners import FOR_THE_LISTENER, listener_of_request, paying_listener
from api.http.listens import (
    Forgotten,
    Listen,
    Listens,
    ListensAccepted,
    ListensRequest,
    OpinionAnswer,
    OpinionRequest,
    Opinions,
    Playing,
)
from api.http.play_intake import forget, note_playing, take_in, take_opinion
from api.http.routes.documented import answers
from api.http.routes.parameters import LimitParameter, TrackIdInPath
from api.http.services import services_of
from earshot.clock import epoch, iso, now
from earshot.errors import InvalidRequest
from earshot.ids import TrackId
from earshot.stores.listeners_table import Opinion

router = Router()
Told = TypeVar("Told", bound=BaseModel)
_TAGS = ["listening"]
_GONE_WITHIN = timedelta(days=1)
_EXPORTED = 500
_LINES = "application/x-ndjson"
_Before = Annotated[
    str | None,
    Parameter(max_length=27, pattern=r"^[0-9]{10}(-[0-9a-f]{16})?$", description="`before` of the answer before."),
]
_After = Annotated[
    str, Parameter(min_length=1, max_length=600, description="See the header `Link` of the answer before.")
]


@router.post(
    "/listens",
    summary="Take plays in",
    operation_id="take_plays",
    tags=_TAGS,
    responses=answers(ListensAccepted, 401, 413, 415, 422, 429, success=202),
    status_code=HTTPStatus.ACCEPTED.value,
)
def take_plays(request: Annotated[ListensRequest, Body()]) -> Response[ListensAccepted]:
    """Up to 1,000 at a time. The key says whose they are; sending one again, after a time-out say, changes nothing."""
    listener = listener_of_request(router)
    latest = epoch() + AHEAD_S
    if any(listened.listened_at >= latest for listened in request.listens):
        raise InvalidRequest("listens.listened_at: lies in the future")
    count = take_in(services_of(router), listener, [listened.heard(listener) for listened in request.listens])
    return _own(ListensAccepted(accepted=count, listener=listener), HTTPStatus.ACCEPTED)


@router.put(
    "/listens/now",
    summary="Say what plays now",
    operation_id="say_playing",
    tags=_TAGS,
    responses=answers(ListensAccepted, 401, 413, 415, 422, success=202),
    status_code=HTTPStatus.ACCEPTED.value,
)
def say_playing(request: Annotated[Playing, Body()]) -> Response[ListensAccepted]:
    """It is no play yet: kept until it must be over, for what goes on from there."""
    listener = listener_of_request(router)
    note_playing(services_of(router), request.play(listener, int(epoch())))
    return _own(ListensAccepted(accepted=0, listener=listener), HTTPStatus.ACCEPTED)


@router.get(
    "/listens", summary="One's latest plays", operation_id="plays", tags=_TAGS, responses=answers(Listens, 401, 422)
)
def plays(limit: LimitParameter = 50, before: _Before = None) -> Response[Listens]:
    """The latest first, as far back as they are kept for quick answers."""
    listener, table = listener_of_request(router), services_of(router).listeners
    earlier = {"before": before.replace("-", "#")} if before else {}
    found = table.recent(listener, limit, **earlier)
    playing = table.playing(listener)
    body = Listens(
        listener=listener,
        playing=Listen.model_validate(playing) if playing else None,
        listens=[Listen.model_validate(play) for play in found],
        before=found[-1].key.replace("#", "-") if len(found) == limit else None,
    )
    return _own(body)


@router.get(
    "/listens/export",
    summary="All that is kept of oneself",
    operation_id="export_listener",
    tags=_TAGS,
    responses={
        **answers(Listens, 401, 422, 429),
        200: {
            "description": "One JSON object a line: plays, opinions, the taste that was made of them.",
            "content": {_LINES: {"schema": {"type": "string"}}},
        },
    },
)
def export(after: _After = " ") -> Response[str]:
    """Page by page: ask for what the header `Link` names (`rel="next"`) until there is none.

    These are the items of the table, as they are kept. How to get older plays is in docs/privacy.md.
    """
    listener = paying_listener(router)
    rows = services_of(router).listeners.some(listener, after, _EXPORTED)
    headers = dict(FOR_THE_LISTENER)
    if rows:
        headers["Link"] = f'</listens/export?after={quote(rows[-1]["item"] + " ", safe="")}>; rel="next"'
    lines = [to_json(row, bytes_mode="base64").decode() + "\n" for row in rows]
    return Response(status_code=HTTPStatus.OK.value, content_type=_LINES, headers=headers, body="".join(lines))


@router.delete(
    "/listens",
    summary="Delete all that is kept of oneself",
    operation_id="forget_listener",
    tags=_TAGS,
    responses=answers(Forgotten, 401, 422, 429, success=202),
    status_code=HTTPStatus.ACCEPTED.value,
)
def forget_listener() -> Response[Forgotten]:
    """Plays, opinions and taste are gone at once; the archive of all plays follows within a day."""
    listener = paying_listener(router)
    asked_at = forget(services_of(router), listener)
    gone_by = iso(now() + _GONE_WITHIN)
    return _own(Forgotten(listener=listener, asked_at=asked_at, gone_by=gone_by), HTTPStatus.ACCEPTED)


@router.get(
    "/opinions", summary="What one thinks", operation_id="opinions", tags=_TAGS, responses=answers(Opinions, 401)
)
def opinions() -> Response[Opinions]:
    """Tracks that were loved or banned, a thousand at most."""
    listener = listener_of_request(router)
    said = services_of(router).listeners.opinions(listener)
    return _own(Opinions(listener=listener, opinions=dict(said.items())))


@router.put(
    "/opinions/<track_id>",
    summary="Love or ban a track",
    operation_id="say_opinion",
    tags=_TAGS,
    responses=answers(OpinionAnswer, 401, 404, 413, 415, 422, 429),
)
def say(track_id: TrackIdInPath, request: Annotated[OpinionRequest, Body()]) -> Response[OpinionAnswer]:
    """`loved`: more like this; `banned`: never again."""
    return _said(track_id, request.opinion)


@router.delete(
    "/opinions/<track_id>",
    summary="Take an opinion back",
    operation_id="take_opinion_back",
    tags=_TAGS,
    responses=answers(OpinionAnswer, 401, 404, 422, 429),
)
def take_back(track_id: TrackIdInPath) -> Response[OpinionAnswer]:
    """Also when there is none."""
    return _said(track_id, None)


def _said(track_id: TrackId, opinion: Opinion | None) -> Response[OpinionAnswer]:
    take_opinion(services_of(router), paying_listener(router), track_id, opinion)
    return _own(OpinionAnswer(track_id=track_id, opinion=opinion))


def _own(body: Told, status: HTTPStatus = HTTPStatus.OK) -> Response[Told]:
    return Response(
        status_code=status.value, content_type="application/json", headers=dict(FOR_THE_LISTENER), body=body
    )
