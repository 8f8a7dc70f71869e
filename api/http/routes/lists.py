"""POST /lists: tracks that are named, as a list for players."""

from typing import Annotated

from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body

from api.answers.commonness import commonness_of
from api.http.contract import ListedTracks
from api.http.lists import as_list
from api.http.presentation import brief
from api.http.requests import ListedRequest
from api.http.routes.documented import answers
from api.http.services import searcher_of

router = Router()


@router.post(
    "/lists",
    summary="Tracks as a list for players",
    operation_id="list_tracks",
    tags=["explore"],
    responses=answers(ListedTracks, 413, 415, 422, 503),
    middlewares=[as_list],
)
def list_tracks(request: Annotated[ListedRequest, Body()]) -> ListedTracks:
    """The tracks in their order, with `format` as a file that players or tables read. What the index does not hold is
    left out, and named in `missing`."""
    searcher = searcher_of(router)
    common = commonness_of(searcher)
    found = {track_id: searcher.row(track_id) for track_id in request.track_ids}
    return ListedTracks(
        index_version=searcher.version,
        results=[brief(track, common) for track_id in request.track_ids if (track := found[track_id])],
        missing=[track_id for track_id, track in found.items() if track is None],
    )
