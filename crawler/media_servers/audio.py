"""The audio of a server's songs: the file itself where it is not too large, else a piece that the server transcodes."""

import tempfile
from typing import IO, Protocol

from crawler.cutting.cutter import Cutter
from earshot.errors import AudioRejected, ProviderRefused, ProviderUnavailable
from earshot.ids import number_of, unescaped
from earshot.reasons import Reason
from earshot.stores.previews_bucket import MAX_PREVIEW_BYTES
from earshot.track import TrackInfo

DOWNLOAD_S = 15.0
CUT_S = 25.0
"""Two downloads at worst and a cut: together less than the function's minute."""
PIECE_KBPS = 128
PIECE_S = 90
_MAX_FILE_BYTES = 64 * 1024 * 1024
_PIECE_BYTES = PIECE_S * PIECE_KBPS * 1000 // 8


class Songs(Protocol):
    """One server's songs. Both fill `file` and go back to its start.

    Both raise TrackNotFound: the server has no such song; AudioRejected: `too_large`, and the file holds the first
    `max_bytes`; ProviderRefused, ProviderUnavailable and ProviderThrottled.
    """

    def save_file(self, file: IO[bytes], number: str, *, max_bytes: int) -> None:
        """The song as the server keeps it."""

    def save_piece(self, file: IO[bytes], number: str, *, start_s: int, max_bytes: int) -> None:
        """The song as MP3 of `PIECE_KBPS`, from `start_s` where the server can begin there, else from its start."""


class Audio:
    """Fetches songs.

    Args:
        songs: of one server.
        cutter: chooses what of them is heard.
    """

    def __init__(self, songs: Songs, cutter: Cutter) -> None:
        self._songs = songs
        self._cutter = cutter

    def of(self, info: TrackInfo) -> bytes:
        """What of the song goes to the extractor; nothing of it is kept here.

        Raises:
            TrackNotFound: the server no longer has it.
            AudioRejected, DecoderCrashed, DecoderUnavailable: see `Cutter.clip`.
            Others: see `Songs`.
        """
        number = unescaped(number_of(info.track_id))
        with tempfile.TemporaryFile() as file:
            try:
                self._songs.save_file(file, number, max_bytes=_MAX_FILE_BYTES)
            except (AudioRejected, ProviderRefused, ProviderUnavailable):
                # Too large, too slow, or a user who may not download: a piece may still be streamed.
                self._save_piece(file, number, info.duration_ms or 0)
            return self._cutter.clip(file, max_bytes=MAX_PREVIEW_BYTES)

    def _save_piece(self, file: IO[bytes], number: str, length_ms: int) -> None:
        """What is in the middle, or the first minutes."""
        start = max(0, (length_ms // 1000 - PIECE_S) // 2)
        try:
            self._songs.save_piece(file, number, start_s=start, max_bytes=_PIECE_BYTES)
        except AudioRejected as error:
            if error.reason is not Reason.TOO_LARGE:  # the beginning of a stream is all that is wanted
                raise
