"""GET /similar."""

from aws_lambda_powertools.event_handler.api_gateway import Router

from api.bootstrap import services
from api.contract import SimilarAnswer
from api.ranking import brief, similar_to
from api.routes.documented import answers
from api.routes.parameters import K, TrackIdText
from api.seeds import indexed_track

router = Router()


@router.get(
    "/similar",
    summary="Tracks that sound like a track",
    tags=["explore"],
    responses=answers(SimilarAnswer, 404, 409, 422, 503),
)
def similar(track_id: TrackIdText, k: K = 10) -> SimilarAnswer:
    """The `k` tracks nearest to a track, best first, never the track itself."""
    searcher = services().index.current()
    track = indexed_track(searcher, services().tracks, track_id)
    return SimilarAnswer(
        index_version=searcher.version,
        model=searcher.model,
        query=[brief(track)],
        results=list(similar_to(searcher, track, k)),
    )
