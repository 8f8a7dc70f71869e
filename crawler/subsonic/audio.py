"""A server's songs by `download` and `stream`."""

from typing import IO

from crawler.media_servers.audio import PIECE_KBPS
from earshot.errors import NotFound, ProviderRefused
from earshot.fields import rows, text
from earshot.media_servers.subsonic import SubsonicServer

_OFFSETS = "transcodeOffset"


class SubsonicAudio:
    """See `Songs`.

    Args:
        server: has them.
    """

    def __init__(self, server: SubsonicServer) -> None:
        self._server = server

    def save_file(self, file: IO[bytes], number: str, *, max_bytes: int) -> None:
        """See `Songs`."""
        self._server.save(file, "download", max_bytes=max_bytes, id=number)

    def save_piece(self, file: IO[bytes], number: str, *, start_s: int, max_bytes: int) -> None:
        """See `Songs`."""
        offset = {"timeOffset": start_s} if start_s and self._has_offsets() else {}
        self._server.save(file, "stream", max_bytes=max_bytes, id=number, format="mp3", maxBitRate=PIECE_KBPS, **offset)

    def _has_offsets(self) -> bool:
        try:
            announced = self._server.get("getOpenSubsonicExtensions")
        except (NotFound, ProviderRefused):
            return False  # a server from before there were extensions
        return any(text(one, "name") == _OFFSETS for one in rows(announced, "openSubsonicExtensions"))
