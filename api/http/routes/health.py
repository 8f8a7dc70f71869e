"""GET /health."""

from dataclasses import asdict

from aws_lambda_powertools.event_handler.api_gateway import Router

from api.http.contract import EngineHealth, EngineTrial, Health, IndexHealth
from api.http.presentation import spaces
from api.http.routes.documented import answers
from api.http.services import searcher_of, services_of, table_of
from earshot.errors import NoIndexYet
from earshot.index.searcher import Searcher

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
            engines=[
                EngineHealth(
                    name=share.name,
                    tracks=share.rows,
                    params=dict(share.largest.engine.params),
                    recall=share.largest.recall,
                    trials=[EngineTrial(**asdict(trial)) for trial in share.largest.trials],
                )
                for share in index.engines
            ],
        ),
        spaces=spaces(index, table_of(router, 1.0)),
        popularity=isinstance(index, Searcher) and index.knows_popularity,
    )
