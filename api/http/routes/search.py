"""GET /search."""

from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Query as Parameter

from api.answers import search as words
from api.answers.commonness import commonness_of
from api.answers.found import Found
from api.answers.spread import beginnings
from api.http.caching import by_spaces
from api.http.contract import SearchAnswer
from api.http.keys import check_folder
from api.http.lists import as_list
from api.http.presentation import results, spaces
from api.http.routes.documented import answers
from api.http.routes.parameters import (
    FiltersParameter,
    FormatParameter,
    LimitParameter,
    ListeningParameter,
    OffsetParameter,
    PathRootParameter,
)
from api.http.services import catalogue_of, table_of
from earshot.errors import InvalidRequest

router = Router()


@router.get(
    "/search",
    summary="Tracks by words and tags",
    operation_id="search",
    tags=["explore"],
    responses=answers(SearchAnswer, 304, 401, 422, 503),
    middlewares=[as_list, by_spaces],
)
def search(  # noqa: PLR0917 (parameters of a query have no order)
    filters: FiltersParameter,
    text: Annotated[str, Parameter(max_length=200, description="Beginnings of words in title, artists or album.")] = "",
    limit: LimitParameter = 20,
    offset: OffsetParameter = 0,
    listening: ListeningParameter = 0.0,
    order: Annotated[
        Literal["words", "spread"],
        Parameter(
            description="`words`: what fits the words best, else by title. `spread`: each as unlike those before it as "
            "there is, so that the first few are from all over the catalogue; without `text` and `listening`, some "
            "hundreds of tracks at most."
        ),
    ] = "words",
    format: FormatParameter = None,  # noqa: A002, ARG001 (its name over HTTP; `as_list` reads it)
    path_root: PathRootParameter = None,  # noqa: ARG001
) -> SearchAnswer:
    """Case and accents do not matter. Without text and tags: the whole catalogue by title.

    With `listening` what more people play comes first among what fits the words equally well.
    """
    check_folder(router, filters.folder)
    searcher = catalogue_of(router)
    table = table_of(router, listening)
    if order == "words":
        total, found = words.search(
            searcher,
            text=text,
            filters=filters.filters(),
            limit=limit,
            offset=offset,
            table=table,
            listening=listening,
        )
    elif text or listening:
        raise InvalidRequest(f"order: {order} goes with filters, not with text or listening", hint="Leave them out.")
    else:
        total, tracks = beginnings(searcher, filters.filters(), limit=limit, offset=offset)
        found = [Found(track, None, None, ()) for track in tracks]
    return SearchAnswer(
        index_version=searcher.version,
        model=searcher.model,
        spaces=spaces(searcher, table),
        total=total,
        results=results(found, commonness_of(searcher)),
    )
