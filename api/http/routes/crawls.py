"""POST /crawls, GET /crawls, and of one crawl: how far it has come, its entries, cancelling and forgetting it."""

from http import HTTPStatus
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from aws_lambda_powertools.event_handler.openapi.params import Query as Parameter

from api.http.caching import by_content
from api.http.contract import ListPreview
from api.http.crawl_contract import (
    CrawlCounts,
    CrawlEntries,
    CrawlEntryAnswer,
    CrawlForgotten,
    CrawlList,
    CrawlStarted,
)
from api.http.crawls_shown import counted, shown
from api.http.forgetting import RemoveTracks, accepted
from api.http.keys import key_required
from api.http.list_preview import previewed
from api.http.lists import entries_as_list
from api.http.requests import CrawlRequest, ListRequest
from api.http.routes.documented import answers
from api.http.routes.parameters import FormatParameter, LimitParameter, PathRootParameter
from api.http.services import services_of
from earshot.entries import as_asked, told
from earshot.intake import follow_crawl, start_crawl
from earshot.lists import read_list

router = Router()
_TAGS = ["crawls"]
_NewestOffset = Annotated[int, Parameter(ge=0, le=100, description="How many to pass over (paging).")]
"""What is passed over is read, and paid for."""
_CrawlId = Annotated[str, Path(max_length=64, description="The id of a crawl.")]
_State = Literal["unheard", "ready", "pending", "no_preview", "failed", "skipped", "missing"]
_Status = Annotated[
    _State | None, Parameter(description="Only entries in this state; `unheard`: in any but ready and pending.")
]
_Reason = Annotated[str | None, Parameter(max_length=40, description="Only entries with this reason.")]
_After = Annotated[int | None, Parameter(ge=-1, le=99_999_999, description="Only entries after this one (paging).")]


@router.post(
    "/crawls",
    summary="Have a playlist crawled",
    operation_id="crawl",
    tags=_TAGS,
    responses=answers(CrawlStarted, 401, 404, 413, 415, 422, 429, success=202),
    status_code=HTTPStatus.ACCEPTED.value,
    middlewares=[key_required],
)
def crawl(request: Annotated[CrawlRequest, Body()]) -> Response[CrawlStarted]:
    """Its tracks become searchable as they are heard; follow the crawl at `status_url`.

    What cannot be crawled in this stage is refused, with what to do about it.
    """
    services = services_of(router)
    if request.again is not None:
        given = services.crawls.summary(request.again).playlist
    elif request.text is not None:
        read_list(request.text.encode("utf-8", "replace"), request.name or "the list")  # refused now, not by the crawl
        given = services.pasted.keep(request.text, request.name)
    else:
        given = request.playlist or ""
    playlist = services.admission.understand(given)
    crawl_id = start_crawl(
        playlist,
        crawls=services.crawls,
        crawl_queue=services.crawl_queue,
        remove_missing=request.remove_missing,
        agreed=request.agreed,
        only_new=request.only_new,
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
    """Newest first, but for those of playlists that are to be forgotten."""
    listed = services_of(router).crawls.list(limit, offset)
    return CrawlList(crawls=[shown(router, summary) for summary in listed if not summary.forgotten])


@router.get(
    "/crawls/<crawl_id>",
    summary="How far a crawl has come",
    operation_id="crawl_progress",
    tags=_TAGS,
    responses=answers(CrawlCounts, 304, 404, 422),
)
def crawl_progress(crawl_id: _CrawlId) -> Response[str]:
    """Counts by state and reason, as of the last count: seconds ago, or minutes for ten thousand entries.

    Asking has them counted anew where it is time. Once `done`, they are exact and stay.
    """
    services = services_of(router)
    progress = follow_crawl(crawl_id, crawls=services.crawls, crawl_queue=services.crawl_queue)
    counts = counted(router, progress)
    max_age_s = services.rules.cache_max_age_s if progress.done else min(1, services.rules.cache_max_age_s)
    return by_content(router, counts.model_dump_json(), max_age_s=max_age_s)


@router.post(
    "/crawls/<crawl_id>/cancel",
    summary="Cancel a crawl",
    operation_id="cancel_crawl",
    tags=_TAGS,
    responses=answers(CrawlCounts, 401, 404, 422, 429),
    middlewares=[key_required],
)
def cancel_crawl(crawl_id: _CrawlId) -> CrawlCounts:
    """Nothing more of the playlist is read, and nothing more of it is fetched; what has been fetched is still heard.

    Tracks that wait end as `no_preview` with the reason `cancelled`, within minutes, unless another crawl wants them;
    crawling the playlist again gets them. A crawl that is done stays as it is.
    """
    crawls = services_of(router).crawls
    progress = crawls.progress(crawl_id)
    if not progress.done:
        crawls.cancel(progress.summary.crawl_id)
        progress = crawls.progress(crawl_id)
    return counted(router, progress)


@router.get(
    "/crawls/<crawl_id>/entries",
    summary="Which entries of a crawl were heard, which were not, and why",
    operation_id="crawl_entries",
    tags=_TAGS,
    responses=answers(CrawlEntries, 401, 404, 422, 429),
    middlewares=[key_required, entries_as_list],
)
def crawl_entries(  # noqa: PLR0917 (parameters of a query have no order)
    crawl_id: _CrawlId,
    status: _Status = None,
    reason: _Reason = None,
    limit: LimitParameter = 100,
    after: _After = None,
    format: FormatParameter = None,  # noqa: A002, ARG001 (its name over HTTP; `entries_as_list` reads it)
    path_root: PathRootParameter = None,  # noqa: ARG001
) -> CrawlEntries:
    """Each with its name, how it stands now and the reason, in the order of the playlist.

    Names may be private, as those of files and of lists that only their owner sees: where a key is needed for having
    work done, it is for this, too. Entries that say what another one has said are marked once the crawl is `done`.

    A list holds all of them, without `limit` and `after`, up to 10,000: those that can be played; a table the others,
    too, with the reason.
    """
    services = services_of(router)
    summary = services.crawls.summary(crawl_id)
    wanted = as_asked(status, reason)
    page = told(summary.crawl_id, wanted, crawls=services.crawls, tracks=services.tracks, after=after, limit=limit)
    return CrawlEntries(entries=[CrawlEntryAnswer.model_validate(entry) for entry in page.entries], next=page.next)


@router.delete(
    "/crawls/<crawl_id>",
    summary="Forget the playlist of a crawl",
    operation_id="forget",
    tags=_TAGS,
    responses=answers(CrawlForgotten, 401, 404, 422, 429, success=202),
    status_code=HTTPStatus.ACCEPTED.value,
    middlewares=[key_required],
)
def forget(crawl_id: _CrawlId, remove_tracks: RemoveTracks = False) -> Response[CrawlForgotten]:
    """All crawls of this playlist count no more, and what others remove is not held by them.

    Its tracks stay. The crawl then says how many of them nothing else holds (`only_held`), for a day, within which they
    may still be removed with it. Its crawls that still run are cancelled then, and what is being heard goes once it has
    come. Crawls that are begun afterwards are not meant.
    """
    services = services_of(router)
    return accepted(services, services.crawls.summary(crawl_id).crawl_id, remove_tracks)
