"""GET /health and the OpenAPI document."""

from aws_lambda_powertools.event_handler.api_gateway import Router

from api.bootstrap import services
from api.contract import Health, IndexHealth
from api.routes.documented import answers
from earshot.errors import NoIndexYet

router = Router()


@router.get(
    "/health",
    summary="Which index version answers",
    operation_id="health",
    tags=["service"],
    responses=answers(Health, 503),
)
def health() -> Health:
    """Whether the service can answer, and from what."""
    stage = services().settings.stage
    try:
        index = services().index.current()
    except NoIndexYet:
        return Health(status="no_index", stage=stage, index=None)
    return Health(
        status="ok",
        stage=stage,
        index=IndexHealth(
            version=index.version,
            tracks=index.size,
            model=index.model,
            built_at=index.built_at,
            build_s=index.build_s,
            recall=index.recall,
            search_k=index.search_k,
        ),
    )
