"""Whether a stage works: `/health`, and with a playlist also one crawl and one query."""

import time
from http import HTTPStatus

from earshot.api_client import ApiClient
from earshot.errors import ApiUnreachable
from earshot.track import Status
from ops import commands
from ops.connection import Connection
from ops.terminal import Say, complain

_ANSWERS_WITHIN_S = 60.0
_PAUSE_S = 3.0


def smoke(connection: Connection, playlist: str | None, say: Say) -> int:
    """Run the checks; 0 when all passed. `playlist`: one to crawl, a small one."""
    say(f"the API of {connection.deployment.stage} is at {connection.api.url}")
    if not _healthy(connection.api, say):
        complain("it does not answer /health with 200")
        return 1
    if playlist is None:
        say("/health answers. For one crawl and one query: make deploy … SMOKE_PLAYLIST=…")
        return 0
    if code := commands.crawl(connection, [playlist], say):
        return code
    ready = next((track for track in connection.deployment.tracks.scan() if track.status is Status.READY), None)
    if ready is None:
        complain("the crawl left no track that can be searched")
        return 1
    return commands.similar(connection, ready.track_id, 5)


def _healthy(api: ApiClient, say: Say) -> bool:
    """Whether the API answers within a minute: a fresh function takes some seconds."""
    deadline = time.monotonic() + _ANSWERS_WITHIN_S
    while time.monotonic() < deadline:
        try:
            if api.get("/health").status == HTTPStatus.OK:
                return True
        except ApiUnreachable as error:
            say(f"waiting: {error.message}")
        time.sleep(_PAUSE_S)
    return False
