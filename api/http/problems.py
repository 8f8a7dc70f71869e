"""From errors to HTTP answers: one shape, one map (`earshot.errors.http_status`), no internals."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from itertools import islice

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import ApiGatewayResolver
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
)
from pydantic_core import ErrorDetails

from api.http import listenbrainz
from api.http.contract import Problem, ProblemAnswer
from earshot.errors import (
    EarshotError,
    InvalidRequest,
    MethodNotAllowed,
    QuotaExceeded,
    RouteNotFound,
    ShardsUnavailable,
    TrackNotReady,
    UnsupportedMediaType,
    http_status,
)
from earshot.telemetry import logger

_MAX_PROBLEMS = 5
_BROKEN = Problem(code="internal_error", message="Something broke on our side.", hint="Try again later.")


def answer(error: EarshotError, path: str) -> Response[str]:
    """The HTTP answer to an error of ours, in the shape that clients of `path` read.

    What a caller cannot mend is logged, not shown.
    """
    status = http_status(error)
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        logger().error("request failed", code=error.code, reason=error.message)
    if path.startswith(listenbrainz.PREFIX):
        return listenbrainz.refusal(error)
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        return _answer(
            status, Problem(code="internal_error", message="Something broke on our side.", hint="Try again.")
        )
    problem = Problem(code=error.code, message=error.message, hint=error.hint)
    if isinstance(error, TrackNotReady):
        problem.status, problem.reason = error.status, error.reason
    return _answer(status, problem, _headers(error))


def _headers(error: EarshotError) -> dict[str, str]:
    if isinstance(error, MethodNotAllowed):
        return {"Allow": ", ".join(error.allowed)}
    if isinstance(error, QuotaExceeded | ShardsUnavailable):
        return {"Retry-After": str(error.retry_after_s)}
    return {}


def _answer(status: HTTPStatus, problem: Problem, headers: dict[str, str] | None = None) -> Response[str]:
    return Response(
        status_code=status.value,
        content_type="application/json",
        body=ProblemAnswer(error=problem).model_dump_json(exclude_none=True),
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def install(app: ApiGatewayResolver, lost: Callable[[], Response[str]]) -> None:
    """Make every error that leaves a route, or Powertools itself, one of our answers.

    Args:
        app: what answers.
        lost: the answer to people who look for a page that is not there.
    """

    def answered(error: EarshotError) -> Response[str]:
        return answer(error, app.current_event.path)

    def no_route(_: NotFoundError) -> Response[str]:
        event = app.current_event
        if methods := methods_of(app, event.path):
            return answered(MethodNotAllowed(f"{event.http_method[:20]} is not a method of this path", allowed=methods))
        if event.http_method == "GET" and "text/html" in (event.headers.get("accept") or ""):  # browsers say so first
            return lost()
        return answered(RouteNotFound(f"no such path: {event.path[:80]!r}"))

    def unforeseen(error: Exception) -> Response[str]:
        logger().exception("unforeseen error", exc_info=error)
        if app.current_event.path.startswith(listenbrainz.PREFIX):
            return listenbrainz.our_fault()
        return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, _BROKEN)

    app.exception_handler(EarshotError)(answered)
    app.exception_handler(RequestValidationError)(lambda error: answered(InvalidRequest(_describe(error.errors()))))
    app.exception_handler(RequestUnsupportedContentType)(
        lambda _: answered(UnsupportedMediaType("the body is not JSON"))
    )
    app.exception_handler(Exception)(unforeseen)
    app.not_found(no_route)


def methods_of(app: ApiGatewayResolver, path: str) -> tuple[str, ...]:
    """Methods under which `path` exists. Powertools keeps its routes to itself; a test watches that this works."""
    routes = app._static_routes + app._dynamic_routes
    return tuple(sorted({route.method for route in routes if route.rule.match(path)}))


def _describe(problems: Iterable[ErrorDetails]) -> str:
    """Which parameter was wrong and why, without echoing what was sent."""
    texts = []
    for problem in islice(problems, _MAX_PROBLEMS):
        parts = (str(part)[:40] for part in problem["loc"][1:] if part != "options")  # our word, not the caller's
        place = ".".join(parts) or str(problem["loc"][0])
        texts.append(f"{place}: {problem['msg']}")
    return "; ".join(texts)
