"""GET /search."""

from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Query

from api import search as words
from api.bootstrap import services
from api.caching import by_index_version
from api.contract import SearchAnswer
from api.routes.documented import answers
from api.routes.parameters import LimitQuery, OffsetQuery, TagsQuery

router = Router()


@router.get(
    "/search",
    summary="Tracks by words and tags",
    operation_id="search",
    tags=["explore"],
    responses=answers(SearchAnswer, 304, 422, 503),
    middlewares=[by_index_version],
)
def search(
    text: Annotated[str, Query(max_length=200, description="Beginnings of words in title, artists or album.")] = "",
    tags: TagsQuery = [],  # noqa: B006 (Powertools copies it)
    source: Annotated[Literal["spotify", "deezer", "file"] | None, Query(description="Only of this source.")] = None,
    limit: LimitQuery = 20,
    offset: OffsetQuery = 0,
) -> SearchAnswer:
    """Case and accents do not matter. Without text and tags: the whole catalogue by title."""
    searcher = services().index.current()
    total, results = words.search(searcher, text=text, tags=tags, source=source, limit=limit, offset=offset)
    return SearchAnswer(index_version=searcher.version, model=searcher.model, total=total, results=results)
