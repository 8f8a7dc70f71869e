"""A history as it lies there: a file, a zip archive or a folder of several."""

import io
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO, TextIO

from earshot.errors import InvalidInput
from earshot.histories.json_items import item_in, items_in, lines_in
from earshot.histories.left_out import LeftOut, Wanted
from earshot.histories.records import play_in
from earshot.histories.tables import plays_in
from earshot.lists.texts import decoded
from earshot.plays import Play

SUFFIXES = (".json", ".jsonl", ".csv", ".tsv", ".txt", ".log", ".zip")
MAX_BYTES = 4 << 30
"""Of all that is unpacked; the history of a life is some 200 MB."""
_HEAD = 1 << 18
_MAX_LINE = 1 << 20
_BEFORE_JSON = b"\xef\xbb\xbf \t\r\n"
_HINT = (
    "Known are the exports of ListenBrainz and Spotify (the zip or what is in it), what lastfmstats.com, lastfm-to-csv "
    "and others make of Last.fm, .scrobbler.log, and tables with a header such as listened_at, artist, title."
)


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    size: int
    open: Callable[[], IO[bytes]]


class History:
    """The plays at `path`, read anew each time they are asked for.

    Args:
        path: a file, a zip archive, or a folder with such files in it or below.
        wanted: what of it is wanted.
    """

    def __init__(self, path: Path, wanted: Wanted = Wanted()) -> None:  # noqa: B008  # it is frozen
        self._path, self._wanted = path, wanted

    def records(self) -> Iterator[Play | LeftOut]:
        """Every record that could be a play, in the order of the files: which play it is, or why it is none.

        Raises:
            InvalidInput: it cannot be read, or nothing in it is a history, or it is larger than 4 GiB.
        """
        found = False
        try:
            with ExitStack() as opened:
                parts = self._parts(opened)
                for record in chain.from_iterable(self._of(part, is_alone=len(parts) == 1) for part in parts):
                    found = found or record not in (LeftOut.DAMAGED, LeftOut.UNKNOWN)
                    yield record
        except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
            raise InvalidInput(f"{self._path} cannot be read: {error}", hint=_HINT) from None
        if not found:
            raise InvalidInput(f"{self._path} is no listening history", hint=_HINT)

    def plays(self) -> Iterator[Play]:
        """The plays alone. Raises as `records` does."""
        return (record for record in self.records() if isinstance(record, Play))

    def left_out(self) -> Counter[LeftOut]:
        """How many records become no play, by reason. Raises as `records` does."""
        return Counter(record for record in self.records() if isinstance(record, LeftOut))

    def _parts(self, opened: ExitStack) -> list[_Part]:
        files = [self._path]
        if self._path.is_dir():
            files = sorted(file for file in self._path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
        parts = [
            part for file in files for part in (_members(file, opened) if zipfile.is_zipfile(file) else [_file(file)])
        ]
        if sum(part.size for part in parts) > MAX_BYTES:
            raise InvalidInput(f"{self._path} holds more than {MAX_BYTES >> 30} GiB", hint="Import it in parts.")
        return parts

    def _of(self, part: _Part, *, is_alone: bool) -> Iterator[Play | LeftOut]:
        """What a file holds; nothing where it is no history and stands among others."""
        with part.open() as stream:
            head = stream.read(_HEAD)
        with part.open() as stream:
            if head.lstrip(_BEFORE_JSON)[:1] in (b"[", b"{"):
                yield from self._of_items(_text(stream, "utf-8-sig"), head)
                return
            try:
                encoding = decoded(head[: head.rfind(b"\n") + 1] or head, part.name)[1]
                yield from plays_in(_lines(_text(stream, encoding)), part.name)
            except InvalidInput:
                if is_alone:
                    raise

    def _of_items(self, text: TextIO, head: bytes) -> Iterator[Play | LeftOut]:
        line = item_in(head.partition(b"\n")[0].decode("utf-8-sig", "replace"))
        is_first = True
        for item in lines_in(text) if line and play_in(line, self._wanted) else items_in(text):
            record = item if isinstance(item, LeftOut) else play_in(item, self._wanted)
            if record is None and is_first:
                return  # a file of something else, such as what was loved
            yield record or LeftOut.UNKNOWN
            is_first = False


def _file(path: Path) -> _Part:
    return _Part(str(path), path.stat().st_size, lambda: path.open("rb"))


def _members(path: Path, opened: ExitStack) -> Iterator[_Part]:
    archive = opened.enter_context(zipfile.ZipFile(path))
    for member in sorted(archive.infolist(), key=lambda member: member.filename):
        if member.filename.lower().endswith(SUFFIXES[:-1]):
            yield _Part(f"{path}: {member.filename}", member.file_size, partial(archive.open, member))


def _text(stream: IO[bytes], encoding: str) -> TextIO:
    return io.TextIOWrapper(stream, encoding, "replace")


def _lines(text: TextIO) -> Iterator[str]:
    """Lines, those of more than 1 MiB in pieces."""
    while line := text.readline(_MAX_LINE):
        yield line
