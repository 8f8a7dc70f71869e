"""The objects of JSON of any size, one by one, in bounded memory."""

import json
import re
from collections.abc import Iterator
from typing import TextIO

from earshot.histories.left_out import LeftOut

_CHUNK = 1 << 18
MAX_ITEM = 1 << 20
"""Characters of one object; a longer one is left out."""
_BETWEEN = re.compile(r"[\s,\[\]]*")
_NEXT = re.compile(r"\}[\s,\[\]]*(?=\{)")
_LIST_OF_OBJECTS = re.compile(r"\[\s*(?=\{)")
_decoder = json.JSONDecoder()

Item = dict[str, object]


def items_in(stream: TextIO) -> Iterator[Item | LeftOut]:
    """Every object of a list, of lists in a list, or of the list that an object holds (the first in a large file, the
    longest in a small one).

    What is damaged costs what is between it and the next object.
    """
    window = _Window(stream)
    if not window.begins_with_list and (whole := window.next_object()) is not None:
        listed = max((value for value in whole.values() if isinstance(value, list)), key=len, default=[])
        yield from [part for part in listed if isinstance(part, dict)] or [whole]
    elif not window.begins_with_list:
        window.skip_to(_LIST_OF_OBJECTS)
    while window.has_more():
        item = window.next_object()
        yield LeftOut.DAMAGED if item is None else item
        if item is None:
            window.skip_to(_NEXT)


class _Window:
    """What is at hand of a stream, from the place `_at` on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._at = stream, 0
        self._text = stream.read(_CHUNK)
        self.begins_with_list = self._text.lstrip().startswith("[")

    def next_object(self) -> Item | None:
        """The object that begins here; None where it is none, or too long."""
        while True:
            try:
                item, end = _decoder.raw_decode(self._text, self._at)
            except (ValueError, RecursionError):
                if len(self._text) - self._at < MAX_ITEM and self._read():
                    continue
                return None
            if not isinstance(item, dict):
                return None
            self._at = end
            return item

    def has_more(self) -> bool:
        """Go past what is between two objects. Whether something is left, what only closes a wrapper not counted."""
        while True:
            self._at = _end(_BETWEEN.match(self._text, self._at))
            if self._at < len(self._text):
                return self._text[self._at] != "}"
            if not self._read():
                return False

    def skip_to(self, pattern: re.Pattern[str]) -> None:
        """Go to behind the next match, or to the end."""
        while not (found := pattern.search(self._text, self._at)):
            self._at = max(self._at, len(self._text) - 1)
            if not self._read():
                self._at = len(self._text)
                return
        self._at = found.end()

    def _read(self) -> bool:
        more = self._stream.read(_CHUNK)
        self._text, self._at = self._text[self._at :] + more, 0
        return bool(more)


def lines_in(stream: TextIO) -> Iterator[Item | LeftOut]:
    """The objects of JSON lines, one a line. A line that is none, or of more than 1 MiB, costs itself."""
    while line := stream.readline(MAX_ITEM):
        is_whole = line.endswith("\n") or len(line) < MAX_ITEM
        while not is_whole and (rest := stream.readline(MAX_ITEM)):
            is_whole = rest.endswith("\n")
            line = ""
        if line.strip() or not line:
            yield item_in(line) or LeftOut.DAMAGED


def item_in(text: str) -> Item | None:
    """The object that `text` is; None where it is none."""
    try:
        item = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return item if isinstance(item, dict) else None


def _end(match: re.Match[str] | None) -> int:
    return match.end() if match else 0
