"""POST /playlists: an answer, kept as a playlist by a media server."""

from typing import Annotated

from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body

from api.http.contract import PlaylistWritten
from api.http.keys import key_required
from api.http.requests import PlaylistRequest
from api.http.routes.documented import answers
from api.http.services import services_of
from earshot.errors import InvalidRequest
from earshot.media_servers.server import write_playlist

router = Router()


@router.post(
    "/playlists",
    summary="Keep tracks as a playlist in a media server",
    operation_id="write_playlist",
    tags=["playlists"],
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
