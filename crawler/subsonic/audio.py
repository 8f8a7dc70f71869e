"""The audio of a server's songs: the file itself where it is not too large, else a piece that the server transcodes."""

import tempfile
from typing import IO

from crawler.cutting.cutter import Cutter
from earshot.errors import AudioRejected, NotFound, ProviderRefused, ProviderUnavailable
from earshot.fields import rows, text
from earshot.ids import number_of, unescaped
from earshot.media_servers.subsonic import SubsonicServer
from earshot.reasons import Reason
from earshot.stores.previews_bucket import MAX_PREVIEW_BYTES
from earshot.track import TrackInfo

DOWNLOAD_S = 15.0
CUT_S = 25.0
"""Two downloads at worst and a cut: together less than the function's minute."""
_MAX_FILE_BYTES = 64 * 1024 * 1024
_PIECE_KBPS = 128
_PIECE_S = 90
_PIECE_BYTES = _PIECE_S * _PIECE_KBPS * 1000 // 8
_OFFSETS = "transcodeOffset"


class Audio:
    """Fetches songs.

    Args:
        server: has them.
        cutter: chooses what of them is heard.
    """

    def __init__(self, server: SubsonicServer, cutter: Cutter) -> None:
        self._server = server
        self._cutter = cutter

    def of(self, info: TrackInfo) -> bytes:
        """What of the song goes to the extractor; nothing of it is kept here.

        Raises:
            TrackNotFound: the server no longer has it.
            AudioRejected, DecoderCrashed, DecoderUnavailable: see `Cutter.clip`.
            Others: see `SubsonicServer.get`.
        """
        number = unescaped(number_of(info.track_id))
        with tempfile.TemporaryFile() as file:
            try:
                self._server.save(file, "download", max_bytes=_MAX_FILE_BYTES, id=number)
            except (AudioRejected, ProviderRefused, ProviderUnavailable):
                # Too large, too slow, or a user who may not download: a piece may still be streamed.
                self._save_piece(file, number, info.duration_ms or 0)
            return self._cutter.clip(file, max_bytes=MAX_PREVIEW_BYTES)

    def _save_piece(self, file: IO[bytes], number: str, length_ms: int) -> None:
        """The first minutes as MP3, or those in the middle where the server can begin there."""
        start = (length_ms // 1000 - _PIECE_S) // 2
        offset = {"timeOffset": start} if start > 0 and self._has_offsets() else {}
        try:
            self._server.save(
                file, "stream", max_bytes=_PIECE_BYTES, id=number, format="mp3", maxBitRate=_PIECE_KBPS, **offset
            )
        except AudioRejected as error:
            if error.reason is not Reason.TOO_LARGE:  # the beginning of a stream is all that is wanted
                raise

    def _has_offsets(self) -> bool:
        try:
            announced = self._server.get("getOpenSubsonicExtensions")
        except (NotFound, ProviderRefused):
            return False  # a server from before there were extensions
        return any(text(one, "name") == _OFFSETS for one in rows(announced, "openSubsonicExtensions"))
