"""GET /map."""

from functools import lru_cache

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from api.answers.atlas import atlas
from api.http.caching import by_spaces
from api.http.contract import MapAnswer
from api.http.routes.documented import answers
from api.http.services import searcher_of
from earshot.index.searcher import Searcher

router = Router()


@router.get(
    "/map",
    summary="A 2-D layout of the catalogue",
    operation_id="map",
    tags=["explore"],
    responses=answers(MapAnswer, 304, 503),
    middlewares=[by_spaces],
    compress=True,
)
def map_of_catalogue() -> Response[str]:
    """Tracks that sound alike lie near each other; sampled above 20,000 tracks; stable between index versions."""
    return Response(status_code=200, content_type="application/json", body=_drawn(searcher_of(router)))


@lru_cache(maxsize=1)
def _drawn(searcher: Searcher) -> str:
    """JSON of a `MapAnswer`: drawn once per version."""
    drawn = atlas(searcher)
    return MapAnswer(
        index_version=searcher.version,
        total=searcher.size,
        track_ids=drawn.track_ids,
        x=drawn.x,
        y=drawn.y,
        titles=drawn.titles,
        artists=drawn.artists,
        tags=drawn.tags,
    ).model_dump_json()
