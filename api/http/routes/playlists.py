"""Playlists that have been crawled; and POST /playlists: an answer, kept as a playlist by a media server."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from aws_lambda_powertools.event_handler.openapi.params import Query as Parameter

from api.http.contract import PlaylistWritten
from api.http.crawl_contract import CrawlForgotten
from api.http.forgetting import RemoveTracks, accepted
from api.http.keys import key_required
from api.http.playlist_contract import PlaylistAnswer, PlaylistChange, PlaylistList
from api.http.playlists_shown import playlists_shown
from api.http.requests import PlaylistRequest
from api.http.routes.documented import answers
from api.http.services import services_of
from earshot.errors import InvalidRequest
from earshot.media_servers.server import write_playlist

router = Router()
_TAGS = ["playlists"]
_PlaylistId = Annotated[str, Path(max_length=64, description="The id of a playlist that has been crawled.")]
_Limit = Annotated[int, Parameter(ge=1, le=20, description="How many at most; each is a read.")]
_After = Annotated[str | None, Parameter(max_length=64, pattern="^[0-9a-f]+$", description="Those after this one.")]


@router.get(
    "/playlists",
    summary="The playlists that have been crawled",
    operation_id="playlists",
    tags=_TAGS,
    responses=answers(PlaylistList, 401, 422, 429),
    middlewares=[key_required],
)
def playlists(limit: _Limit = 20, after: _After = None) -> PlaylistList:
    """Each with its name, its covers and its latest crawl, as it was last counted: ask for that crawl to follow it.

    A playlist is one however it was written when it was crawled. It is listed as soon as its crawl has begun.
    """
    found = services_of(router).playlists.some(after, limit)
    following = found[-1].playlist_id if len(found) == limit else None
    return PlaylistList(playlists=playlists_shown(router, found), next=following)


@router.get(
    "/playlists/<playlist_id>",
    summary="A playlist that has been crawled",
    operation_id="playlist",
    tags=_TAGS,
    responses=answers(PlaylistAnswer, 401, 404, 422, 429),
    middlewares=[key_required],
)
def playlist(playlist_id: _PlaylistId) -> PlaylistAnswer:
    """Its name, its covers and its latest crawl, as it was last counted."""
    (answer,) = playlists_shown(router, [services_of(router).playlists.get(playlist_id)])
    return answer


@router.patch(
    "/playlists/<playlist_id>",
    summary="Rename a playlist, or say how often it is crawled",
    operation_id="change_playlist",
    tags=_TAGS,
    responses=answers(PlaylistAnswer, 401, 404, 413, 415, 422, 429),
    middlewares=[key_required],
)
def change(playlist_id: _PlaylistId, request: Annotated[PlaylistChange, Body()]) -> PlaylistAnswer:
    """The name is Earshot's alone: its source keeps its own.

    Crawls by the clock look for what is new, and leave alone what earlier ones could not get. None is scheduled unless
    somebody asks: each costs what reading the playlist costs.
    """
    kept = services_of(router).playlists
    if request.name is not None:
        kept.rename(playlist_id, request.name.strip())
    if request.again is not None:
        kept.schedule(playlist_id, request.again)
    (answer,) = playlists_shown(router, [kept.get(playlist_id)])
    return answer


@router.delete(
    "/playlists/<playlist_id>",
    summary="Forget a playlist",
    operation_id="forget_playlist",
    tags=_TAGS,
    responses=answers(CrawlForgotten, 401, 404, 422, 429, success=202),
    status_code=HTTPStatus.ACCEPTED.value,
    middlewares=[key_required],
)
def forget(playlist_id: _PlaylistId, remove_tracks: RemoveTracks = False) -> Response[CrawlForgotten]:
    """It is not crawled again, and none of its crawls counts any more. The same as `DELETE /crawls/{crawl_id}` of its
    latest crawl, where it is told how many of its tracks nothing else holds."""
    services = services_of(router)
    return accepted(services, services.playlists.get(playlist_id).crawl_id, remove_tracks)


@router.post(
    "/playlists",
    summary="Keep tracks as a playlist in a media server",
    operation_id="write_playlist",
    tags=_TAGS,
    responses=answers(PlaylistWritten, 401, 413, 415, 422, 429, 502),
    middlewares=[key_required],
)
def write(request: Annotated[PlaylistRequest, Body()]) -> PlaylistWritten:
    """In their order. The server's own songs are meant, however Earshot came to hear them: found by the server's id,
    else MusicBrainz id, ISRC, or artist, title and length. What the server does not hold is named, not guessed."""
    services = services_of(router)
    server = services.media_servers.get(request.to)
    if server is None:
        raise InvalidRequest(
            f"no media server {request.to!r} is set here",
            hint="On one machine, config/media_servers.env names it (docs/players.md); in the cloud there is none.",
        )
    known = services.tracks.find_many(request.track_ids)
    written = write_playlist(
        server,
        request.name,
        [known[track_id].info for track_id in request.track_ids if track_id in known],
        may_replace=request.replace,
    )
    unknown = [track_id for track_id in request.track_ids if track_id not in known]
    return PlaylistWritten(playlist=written.playlist, written=list(written.held), missing=[*written.missing, *unknown])
