"""GET /map."""

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from api.atlas import atlas
from api.bootstrap import services
from api.caching import by_index_version
from api.contract import MapAnswer
from api.routes.documented import answers

router = Router()


@router.get(
    "/map",
    summary="A 2-D layout of the catalogue",
    operation_id="map",
    tags=["explore"],
    responses=answers(MapAnswer, 304, 503),
    middlewares=[by_index_version],
    compress=True,
)
def map_of_catalogue() -> Response[str]:
    """Tracks that sound alike lie near each other; sampled above 20,000 tracks; stable between index versions."""
    return Response(status_code=200, content_type="application/json", body=atlas(services().index.current()))
