"""GET /map."""

import base64
import gzip
from weakref import WeakKeyDictionary

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from api.answers.atlas import atlas
from api.http.caching import by_spaces
from api.http.contract import MapAnswer
from api.http.routes.documented import answers
from api.http.services import catalogue_of
from earshot.index.searcher import Searcher

router = Router()

_LEVEL = 4
"""A tenth of the time that the highest takes, for a sixteenth more bytes."""
_drawn: WeakKeyDictionary[Searcher, bytes] = WeakKeyDictionary()
"""What was drawn, for as long as the version is in use."""


@router.get(
    "/map",
    summary="A 2-D layout of the catalogue",
    operation_id="map",
    tags=["explore"],
    responses=answers(MapAnswer, 304, 503),
    middlewares=[by_spaces],
)
def map_of_catalogue() -> Response[str]:
    """Tracks that sound alike lie near each other; sampled above 20,000 tracks; stable between index versions."""
    searcher = catalogue_of(router)
    if searcher not in _drawn:
        _drawn[searcher] = drawn(searcher)
    body = _drawn[searcher]
    if "gzip" not in router.current_event.headers.get("accept-encoding", ""):
        return Response(status_code=200, content_type="application/json", body=gzip.decompress(body).decode())
    response = Response(
        status_code=200,
        content_type="application/json",
        headers={"Content-Encoding": "gzip"},
        body=base64.b64encode(body).decode(),
    )
    response.base64_encoded = True
    return response


def drawn(searcher: Searcher) -> bytes:
    """The compressed JSON of a `MapAnswer`."""
    columns = atlas(searcher)
    answer = MapAnswer(
        index_version=searcher.version,
        total=searcher.size,
        track_ids=columns.track_ids,
        x=columns.x,
        y=columns.y,
        titles=columns.titles,
        artists=columns.artists,
        tags=columns.tags,
    )
    return gzip.compress(answer.model_dump_json().encode(), _LEVEL, mtime=0)
