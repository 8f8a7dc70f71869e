"""A server's songs by ``/Items/{id}/Download`` and ``/Audio/{id}/stream``."""

from typing import IO

from crawler.media_servers.audio import PIECE_KBPS
from earshot.media_servers.jellyfin import TICKS_PER_S, JellyfinServer


class JellyfinAudio:
    """See `Songs`.

    Args:
        server: has them.
    """

    def __init__(self, server: JellyfinServer) -> None:
        self._server = server

    def save_file(self, file: IO[bytes], number: str, *, max_bytes: int) -> None:
        """See `Songs`."""
        self._server.save(file, f"/Items/{number}/Download", max_bytes=max_bytes)

    def save_piece(self, file: IO[bytes], number: str, *, start_s: int, max_bytes: int) -> None:
        """See `Songs`."""
        self._server.save(
            file, f"/Audio/{number}/stream", max_bytes=max_bytes, container="mp3", audioCodec="mp3",
            audioBitRate=PIECE_KBPS * 1000, startTimeTicks=start_s * TICKS_PER_S,
        )  # fmt: skip
