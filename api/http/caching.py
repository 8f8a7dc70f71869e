"""What callers may keep: answers that depend on versions of spaces until there is another, others by their content."""

import hashlib

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import ApiGatewayResolver, BaseRouter
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware

from api.http.presentation import spaces
from api.http.services import searcher_of, services_of, table_of
from earshot.errors import NoIndexYet

CONTRACT = "4"
"""Part of every ETag: raise it when an answer to the same question would look different."""


def by_spaces(app: ApiGatewayResolver, next_middleware: NextMiddleware) -> Response[object]:
    """Route middleware: ETag from the versions of the spaces, 304 for who has it, Cache-Control from the settings."""
    try:
        table = table_of(app, 1.0 if "listening" in (app.current_event.query_string_parameters or {}) else 0.0)
        versions = [space.version for space in spaces(searcher_of(app), table).values()]
    except NoIndexYet:
        return next_middleware(app)  # which says what is wrong with the request, if anything is, before it says this
    headers: dict[str, str | list[str]] = {
        "ETag": f'W/"{".".join((*versions, CONTRACT))}"',
        "Cache-Control": f"{_kept_by(app)}, max-age={services_of(app).rules.cache_max_age_s}",
    }
    if is_known(str(headers["ETag"]), app.current_event.headers.get("if-none-match")):
        return Response(status_code=304, headers=headers)
    response: Response[object] = next_middleware(app)
    if response.status_code == 200:
        response.headers.update(headers)
    return response


def by_content(router: BaseRouter, body: str, *, max_age_s: int) -> Response[str]:
    """The JSON `body` with an ETag of its own, or 304 for who has it. For answers that cost little to make.

    What a key has opened is for its owner alone.
    """
    kept_by = "private" if router.current_event.headers.get("x-api-key") else "public"
    headers: dict[str, str | list[str]] = {
        "ETag": f'W/"{hashlib.sha256(body.encode()).hexdigest()[:16]}"',
        "Cache-Control": f"{kept_by}, max-age={max_age_s}",
    }
    if is_known(str(headers["ETag"]), router.current_event.headers.get("if-none-match")):
        return Response(status_code=304, headers=headers, body="")
    return Response(status_code=200, content_type="application/json", headers=headers, body=body)


def _kept_by(app: ApiGatewayResolver) -> str:
    """Where files lie is not for everybody, see `keys.check_folder`."""
    return "private" if "folder" in (app.current_event.query_string_parameters or {}) else "public"


def is_known(etag: str, if_none_match: str | None) -> bool:
    """Whether the header names `etag`. Compared weakly (RFC 9110, 8.8.3.2): proxies that compress weaken tags."""
    return etag.removeprefix("W/") in {tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")}
