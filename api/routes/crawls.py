"""POST /crawls, GET /crawls and GET /crawls/{crawl_id}."""

from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from api.bootstrap import services
from api.contract import CrawlAnswer, CrawlCounts, CrawlList, CrawlStarted
from api.keys import key_required
from api.requests import CrawlRequest
from api.routes.documented import answers
from api.routes.parameters import LimitQuery, OffsetQuery
from earshot.crawls_table import CrawlSummary
from earshot.intake import start_crawl
from earshot.playlist import parse_playlist

router = Router()
_TAGS = ["crawls"]


@router.post(
    "/crawls",
    summary="Have a playlist crawled",
    operation_id="crawl",
    tags=_TAGS,
    responses=answers(CrawlStarted, 401, 413, 415, 422, success=202),
    status_code=HTTPStatus.ACCEPTED.value,
    middlewares=[key_required],
)
def crawl(request: Annotated[CrawlRequest, Body()]) -> Response[CrawlStarted]:
    """Its tracks become searchable as they are heard; follow the crawl at `status_url`."""
    crawl_id = start_crawl(
        request.playlist,
        crawls=services().crawls,
        crawl_queue=services().crawl_queue,
        remove_missing=request.remove_missing,
    )
    status_url = f"/crawls/{crawl_id}"
    return Response(
        status_code=HTTPStatus.ACCEPTED.value,
        content_type="application/json",
        headers={"Location": status_url},
        body=CrawlStarted(crawl_id=crawl_id, status_url=status_url, understood=str(parse_playlist(request.playlist))),
    )


@router.get(
    "/crawls", summary="The newest crawls", operation_id="crawls", tags=_TAGS, responses=answers(CrawlList, 422)
)
def crawls(limit: LimitQuery = 20, offset: OffsetQuery = 0) -> CrawlList:
    """Newest first."""
    return CrawlList(crawls=[CrawlAnswer(**_summary(summary)) for summary in services().crawls.list(limit, offset)])


@router.get(
    "/crawls/<crawl_id>",
    summary="How far a crawl has come",
    operation_id="crawl_progress",
    tags=_TAGS,
    responses=answers(CrawlCounts, 404, 422),
)
def crawl_progress(crawl_id: Annotated[str, Path(max_length=64)]) -> CrawlCounts:
    """Counts by state and reason, derived from the entries and the state of their tracks."""
    progress = services().crawls.progress(crawl_id, services().tracks)
    return CrawlCounts(
        **_summary(progress.summary),
        total=progress.total,
        pending=progress.pending,
        done=progress.done,
        states=progress.states,
        reasons=progress.reasons,
    )


def _summary(summary: CrawlSummary) -> dict[str, Any]:
    return {
        "crawl_id": summary.crawl_id,
        "playlist": summary.playlist,
        "started": summary.started,
        "finished": summary.finished,
        "waiting_until": summary.waiting_until,
        "error": summary.error,
        "removed": summary.removed,
    }
