"""What each route declares about its answers in the OpenAPI document."""

from typing import Any

from pydantic import BaseModel

from api.contract import ProblemAnswer

_NOT_MODIFIED = {304: {"description": "The answer that the caller's ETag names is still the current one."}}
_MEANING = {
    401: "The key is missing or unknown.",
    404: "No such track, crawl or query.",
    409: "The track is known but has no embedding yet; `status` and `reason` say why.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "A parameter breaks the contract; the message names it.",
    500: "An error on our side.",
    503: "No index version has been published yet, or a store is out of reach.",
}


def answers(model: type[BaseModel], *problems: int, success: int = 200) -> dict[int, Any]:
    """OpenAPI responses of a route that answers with `model`, or with one of the statuses `problems`, or with 500."""
    documented: dict[int, Any] = {
        status: {"description": _MEANING[status], "content": {"application/json": {"model": ProblemAnswer}}}
        for status in (*problems, 500)
        if status not in _NOT_MODIFIED
    }
    if 304 in problems:
        documented |= _NOT_MODIFIED
    summary = (model.__doc__ or "").partition("\n")[0]
    return {success: {"description": summary, "content": {"application/json": {"model": model}}}, **documented}


def accepted(model: type[BaseModel]) -> dict[int, Any]:
    """OpenAPI response of a route that may also answer 202."""
    summary = (model.__doc__ or "").partition("\n")[0]
    return {202: {"description": summary, "content": {"application/json": {"model": model}}}}
