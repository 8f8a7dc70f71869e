"""Drawing in a process of its own, as audio is decoded (docs/adr/0016): pictures are anybody's, too."""

import tempfile

from crawler.pictures import MAX_PICTURE_BYTES
from earshot.confined.process import Confined
from earshot.covers import SIZES
from earshot.errors import DecoderCrashed
from earshot.reasons import Reason

_WORKER = "crawler.covers.worker"  # named, not imported: the crawler never loads a decoder
_TIMEOUT_S = 10.0
_MAX_DRAWN_BYTES = 1024 * 1024


class Drawer:
    """Draws one picture at a time in a confined process, which is started at the first."""

    def __init__(self) -> None:
        self._process: Confined | None = None

    def draw(self, picture: bytes) -> dict[int, bytes]:
        """The picture in the sizes that covers have, as `crawler.covers.drawing.drawn` says.

        Raises:
            AudioRejected: `unplayable`, `too_much_memory`.
            DecoderCrashed: the process died or hung on this picture; it has been replaced.
            DecoderUnavailable: no process can be started.
        """
        if self._process is None:
            self._process = Confined(_WORKER, _TIMEOUT_S)
        with tempfile.TemporaryFile() as file:
            file.write(picture)
            file.seek(0)
            wanted = {"max_bytes": MAX_PICTURE_BYTES}
            note, content = self._process.ask(file.fileno(), wanted, max_bytes=_MAX_DRAWN_BYTES)
        return _parted(note, content)

    def close(self) -> None:
        """End the child process."""
        if self._process:
            self._process.close()


def _parted(note: dict[str, object], content: bytes) -> dict[int, bytes]:
    """What the confined process says is not trusted: it may be somebody else's by then."""
    lengths, sizes, start = note.get("bytes"), {}, 0
    for size in SIZES:
        length = lengths.get(str(size)) if isinstance(lengths, dict) else None
        if not isinstance(length, int) or not 0 < length <= len(content) - start:
            raise DecoderCrashed("what was drawn is no cover", reason=Reason.DECODER_CRASHED)
        sizes[size] = content[start : start + length]
        start += length
    return sizes
