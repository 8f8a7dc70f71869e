"""GET /sources."""

from aws_lambda_powertools.event_handler.api_gateway import Router

from api.http.contract import SourceAnswer, SourceList
from api.http.routes.documented import answers
from api.http.services import services_of
from earshot.admission import how_to_switch_on
from earshot.sources import SOURCES, Can

router = Router()


@router.get(
    "/sources",
    summary="Where music may come from in this stage",
    operation_id="sources",
    tags=["crawls"],
    responses=answers(SourceList),
)
def sources() -> SourceList:
    """Every source that Earshot knows: whether it is on, what it gives, and what to do to have it."""
    admission = services_of(router).admission
    return SourceList(
        sources=[
            SourceAnswer(
                name=name,
                label=source.label,
                on=(on := admission.is_on(name)),
                lists=Can.LIST in source.can,
                finds=Can.FIND in source.can,
                gives=source.gives,
                switch_on=None if on else how_to_switch_on(name, admission.stage, admission.providers),
            )
            for name, source in SOURCES.items()
        ]
    )
