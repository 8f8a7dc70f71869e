"""The cover of a server's song, as the server has made it smaller."""

import tempfile
from collections.abc import Iterator

from crawler.pictures import MAX_PICTURE_BYTES
from earshot.covers import SIZES
from earshot.media_servers.subsonic import SubsonicServer
from earshot.track import TrackInfo


def pictures_of(server: SubsonicServer, info: TrackInfo) -> Iterator[bytes]:
    """See `Connected`. Raises AudioRejected: it is `too_large`; others: see `SubsonicServer.save`."""
    with tempfile.TemporaryFile() as file:
        server.save(file, "getCoverArt", max_bytes=MAX_PICTURE_BYTES, id=info.cover_id or "", size=SIZES[-1])
        yield file.read()
