"""What each route declares about its answers in the OpenAPI document."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse
from pydantic import BaseModel

from api.http.contract import ProblemAnswer

_NOT_MODIFIED: OpenAPIResponse = {"description": "The answer that the caller's ETag names is still the current one."}
_MEANING = {
    401: "The key is missing or unknown.",
    404: "No such track, crawl or query.",
    409: "The track has no embedding yet (`status` and `reason` say why), or a vector is of another transform.",
    413: "The body, or the clip, is too large.",
    415: "The body is not JSON.",
    422: "A parameter breaks the contract; the message names it.",
    429: "The key has had as much work done as it may in an hour; `Retry-After` says when to go on.",
    500: "An error on our side.",
    502: "Another server did not do what was asked.",
    503: "No index version has been published yet, or a store is out of reach.",
}


def answers(model: type[BaseModel], *problems: int, success: int = 200) -> dict[int, OpenAPIResponse]:
    """OpenAPI responses of a route that answers with `model`, or with one of the statuses `problems`, or with 500."""
    refusals = {
        status: _NOT_MODIFIED if status == HTTPStatus.NOT_MODIFIED else _response(_MEANING[status], ProblemAnswer)
        for status in (*problems, 500)
    }
    return {success: _response(_summary(model), model)} | refusals


def accepted(model: type[BaseModel]) -> dict[int, OpenAPIResponse]:
    """OpenAPI response of a route that may also answer 202."""
    return {HTTPStatus.ACCEPTED.value: _response(_summary(model), model)}


def _response(description: str, model: type[BaseModel]) -> OpenAPIResponse:
    return {"description": description, "content": {"application/json": {"model": model}}}


def _summary(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").partition("\n")[0]
