"""POST /crawls, GET /crawls and GET /crawls/{crawl_id}."""

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from aws_lambda_powertools.event_handler.openapi.params import Query as Parameter

from api.http.caching import by_content
from api.http.contract import CrawlAnswer, CrawlCounts, CrawlList, CrawlStarted, ListPreview
from api.http.keys import key_required
from api.http.list_preview import previewed
from api.http.requests import CrawlRequest, ListRequest
from api.http.routes.documented import answers
from api.http.routes.parameters import LimitParameter
from api.http.services import services_of
from earshot.crawls import CrawlSummary
from earshot.intake import follow_crawl, start_crawl
from earshot.lists import read_list
from earshot.playlists import parse_playlist, without_secrets

router = Router()
_TAGS = ["crawls"]
_NewestOffset = Annotated[int, Parameter(ge=0, le=100, description="How many to pass over (paging).")]
"""What is passed over is read, and paid for."""


@router.post(
    "/crawls",
    summary="Have a playlist crawled",
    operation_id="crawl",
    tags=_TAGS,
    responses=answers(CrawlStarted, 401, 413, 415, 422, 429, success=202),
    status_code=HTTPStatus.ACCEPTED.value,
    middlewares=[key_required],
)
def crawl(request: Annotated[CrawlRequest, Body()]) -> Response[CrawlStarted]:
    """Its tracks become searchable as they are heard; follow the crawl at `status_url`."""
    services = services_of(router)
    if request.text is not None:
        read_list(request.text.encode("utf-8", "replace"), request.name or "the list")  # refused now, not by the crawl
    given = request.playlist if request.text is None else services.pasted.keep(request.text, request.name)
    playlist = parse_playlist(given or "")
    crawl_id = start_crawl(
        playlist,
        crawls=services.crawls,
        crawl_queue=services.crawl_queue,
        remove_missing=request.remove_missing,
    )
    status_url = f"/crawls/{crawl_id}"
    return Response(
        status_code=HTTPStatus.ACCEPTED.value,
        content_type="application/json",
        headers={"Location": status_url},
        body=CrawlStarted(crawl_id=crawl_id, status_url=status_url, understood=str(playlist)),
    )


@router.post(
    "/crawls/preview",
    summary="What is understood of a list",
    operation_id="preview_list",
    tags=_TAGS,
    responses=answers(ListPreview, 401, 413, 415, 422, 429),
    middlewares=[key_required],
)
def preview_list(request: Annotated[ListRequest, Body()]) -> ListPreview:
    """Nothing is queued. Of the first rows it is said which track of the catalogue they are."""
    listed = read_list(request.text.encode("utf-8", "replace"), request.name or "the list")
    return previewed(listed, services_of(router).matching)


@router.get(
    "/crawls", summary="The newest crawls", operation_id="crawls", tags=_TAGS, responses=answers(CrawlList, 422)
)
def crawls(limit: LimitParameter = 20, offset: _NewestOffset = 0) -> CrawlList:
    """Newest first."""
    return CrawlList(crawls=[_shown(summary) for summary in services_of(router).crawls.list(limit, offset)])


@router.get(
    "/crawls/<crawl_id>",
    summary="How far a crawl has come",
    operation_id="crawl_progress",
    tags=_TAGS,
    responses=answers(CrawlCounts, 304, 404, 422),
)
def crawl_progress(crawl_id: Annotated[str, Path(max_length=64)]) -> Response[str]:
    """Counts by state and reason, as of the last count: seconds ago, or minutes for ten thousand entries.

    Asking has them counted anew where it is time. Once `done`, they are exact and stay.
    """
    services = services_of(router)
    progress = follow_crawl(crawl_id, crawls=services.crawls, crawl_queue=services.crawl_queue)
    counts = CrawlCounts(
        **dict(_shown(progress.summary)),
        total=progress.total,
        pending=progress.pending,
        done=progress.done,
        states={state.value: count for state, count in progress.states.items()},
        reasons={reason.value: count for reason, count in progress.reasons.items()},
    )
    max_age_s = services.rules.cache_max_age_s if progress.done else min(1, services.rules.cache_max_age_s)
    return by_content(router, counts.model_dump_json(), max_age_s=max_age_s)


def _shown(summary: CrawlSummary) -> CrawlAnswer:
    shown = replace(summary, playlist=without_secrets(summary.playlist))
    return CrawlAnswer.model_validate(shown, from_attributes=True)
