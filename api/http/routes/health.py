"""GET /health."""

from aws_lambda_powertools.event_handler.api_gateway import Router

from api.http.contract import Health, IndexHealth
from api.http.presentation import spaces
from api.http.routes.documented import answers
from api.http.services import searcher_of, services_of, table_of
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
    stage = services_of(router).rules.stage
    try:
        index = searcher_of(router)
    except NoIndexYet:
        return Health(status="no_index", stage=stage, index=None, spaces={})
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
        spaces=spaces(index, table_of(router, 1.0)),
    )
