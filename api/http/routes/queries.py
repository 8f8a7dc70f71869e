"""Asking with a clip: POST /queries and GET /queries/{query_id}."""

from functools import partial
from http import HTTPStatus
from typing import Annotated

import numpy as np
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from api.answers.commonness import commonness_of
from api.answers.listening import beside_sound, stand_ins
from api.answers.query import Query
from api.answers.ranking import rank
from api.answers.recorded import asked, noise_directions
from api.http.contract import QueryAnswer, QueryOpened, Upload
from api.http.keys import check_folder, key_required
from api.http.options import OptionParameters
from api.http.presentation import in_words, results, spaces, tag_strengths
from api.http.requests import QueryRequest
from api.http.routes.documented import answers
from api.http.routes.parameters import OptionsParameter
from api.http.services import searcher_of, services_of, table_of
from earshot.embedding import Vector
from earshot.index.neighbours import Neighbours
from earshot.messages import FetchClip
from earshot.reasons import Reason
from earshot.stores.sound_queries import UPLOAD_S, Heard, new_query_id

router = Router()
_TAGS = ["explore"]
_QueryId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", max_length=32, description="The id of a query.")]


@router.post(
    "/queries",
    summary="Ask with a clip",
    operation_id="open_query",
    tags=_TAGS,
    responses=answers(QueryOpened, 401, 413, 415, 422, 429, success=201),
    status_code=HTTPStatus.CREATED.value,
    middlewares=[key_required],
)
def open_clip(request: Annotated[QueryRequest, Body()]) -> Response[QueryOpened]:
    """PUT the clip (mp3, ogg, opus, flac, wav or m4a, up to 32 MiB) to `upload.url` with `upload.headers`, then ask
    `status_url`.

    A clip given as `url` is fetched instead. It is deleted as soon as it was heard, everything else within the hour.
    """
    clips = services_of(router).queries
    query_id = new_query_id()
    upload = None
    if request.size is not None:
        where = services_of(router).uploads.upload(query_id, request.size, request.type)
        upload = Upload(url=where.url, headers=dict(where.headers), expires_in_s=UPLOAD_S)
    if request.url is not None:
        services_of(router).admission.web.check(request.url)
    clips.open(query_id)
    if request.url is not None:
        services_of(router).fetch_queue.send(FetchClip(query_id, request.url))
    status_url = f"/queries/{query_id}"
    return Response(
        status_code=HTTPStatus.CREATED.value,
        content_type="application/json",
        headers={"Location": status_url, "Cache-Control": "no-store"},
        body=QueryOpened(
            query_id=query_id,
            upload=upload,
            status_url=status_url,
        ),
    )


@router.get(
    "/queries/<query_id>",
    summary="What sounds like the clip",
    operation_id="query",
    tags=_TAGS,
    responses=answers(QueryAnswer, 401, 404, 422, 503),
)
def clip(
    query_id: Annotated[str, Path(pattern="^[0-9a-f]{32}$", max_length=32, description="The id of a query.")],
    options: OptionsParameter,
) -> Response[QueryAnswer]:
    """`pending` until the clip has been heard, then `ready` with its neighbours, or `failed` with a reason."""
    heard = services_of(router).queries.heard(query_id)
    body = QueryAnswer(status="pending") if heard is None else _answer(heard, options)
    return Response(
        status_code=HTTPStatus.OK.value,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
        body=body,
    )


def _nearness(searcher: Neighbours, vector: Vector) -> float:
    return max((near.similarity for near in searcher.nearest(vector, 1)), default=-1.0)


def _answer(heard: Heard, options: OptionParameters) -> QueryAnswer:
    check_folder(router, options.folder)
    hearings = heard.hearings
    if not hearings:
        return QueryAnswer(status="failed", reason=heard.reason, message=heard.message)
    searcher = searcher_of(router)
    if heard.model != searcher.model:
        return QueryAnswer(
            status="failed",
            reason=Reason.OTHER_MODEL,
            message=f"the clip was heard by {heard.model}, the index holds {searcher.model}",
        )
    transform = services_of(router).index.transform(searcher)
    vectors = transform(np.stack([hearing.embedding.embedding for hearing in hearings]))
    question = asked(list(vectors), noise_directions(searcher.model, transform), partial(_nearness, searcher))
    vector, said = question.vector, hearings[question.hearing].tags
    tags = {tag.name: tag.probability for tag in said}
    table = table_of(router, options.listening)
    weights = beside_sound(table, options.listening)
    parts = weights.parts(stand_ins(searcher, vector)) if weights.others else ()
    query = Query((vector,), tags=tags, others=parts, sound_weight=weights.sound)
    ranking = rank(searcher, query, options.options())
    return QueryAnswer(
        status="ready",
        index_version=searcher.version,
        model=searcher.model,
        spaces=spaces(searcher, table),
        tags=tag_strengths(said),
        descriptors=in_words(heard.descriptors),
        results=results(ranking.results, commonness_of(searcher)),
    )
