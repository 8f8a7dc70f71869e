"""GET /genres."""

from weakref import WeakKeyDictionary

from aws_lambda_powertools.event_handler.api_gateway import Router

from api.answers.filters import genres_with_counts
from api.http.caching import by_spaces
from api.http.contract import GenreCount, GenresAnswer
from api.http.routes.documented import answers
from api.http.services import catalogue_of
from earshot.index.searcher import Searcher

router = Router()

_MOST = 1_000
_counted: WeakKeyDictionary[Searcher, GenresAnswer] = WeakKeyDictionary()
"""What was counted, for as long as the version is in use."""


@router.get(
    "/genres",
    summary="The genres of the catalogue",
    operation_id="genres",
    tags=["explore"],
    responses=answers(GenresAnswer, 304, 503),
    middlewares=[by_spaces],
)
def genres() -> GenresAnswer:
    """As files and servers name them, the commonest first; what `genre` may filter by."""
    searcher = catalogue_of(router)
    if searcher not in _counted:
        listed = [GenreCount(name=name, tracks=tracks) for name, tracks in genres_with_counts(searcher)[:_MOST]]
        _counted[searcher] = GenresAnswer(index_version=searcher.version, genres=listed)
    return _counted[searcher]
