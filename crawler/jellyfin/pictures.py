"""The cover of a server's song, as the server has made it smaller."""

import tempfile
from collections.abc import Iterator

from crawler.pictures import MAX_PICTURE_BYTES
from earshot.covers import SIZES
from earshot.media_servers.jellyfin import JellyfinServer
from earshot.track import TrackInfo


def pictures_of(server: JellyfinServer, info: TrackInfo) -> Iterator[bytes]:
    """See `Connected`. Raises AudioRejected: it is `too_large`; others: see `JellyfinServer.save`."""
    with tempfile.TemporaryFile() as file:
        path = f"/Items/{info.cover_id}/Images/Primary"
        server.save(file, path, max_bytes=MAX_PICTURE_BYTES, maxWidth=SIZES[-1], maxHeight=SIZES[-1])
        yield file.read()
