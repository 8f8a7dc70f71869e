"""Tables and bars for people."""

import shutil
import unicodedata
from collections.abc import Iterable, Sequence

_WIDEST = 44
_NARROWEST = 10
_BAR = 30
_WHOLE = ("id", "track", "crawl")
"""Columns of what is copied into the next command."""

Cell = str | float | None


def table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Columns of texts (left) and numbers (right), cut so that lines fit the terminal; ids are never cut."""
    lines = [list(head), *([_cell(value) for value in row] for row in rows)]
    room = max(60, shutil.get_terminal_size((120, 24)).columns)
    widths = [max(_width(line[i]) for line in lines) for i in range(len(head))]
    cut = [i for i, name in enumerate(head) if name not in _WHOLE]
    for i in cut:
        widths[i] = min(_WIDEST, widths[i])
    while sum(widths) + 2 * (len(widths) - 1) > room and max((widths[i] for i in cut), default=0) > _NARROWEST:
        widths[max(cut, key=widths.__getitem__)] -= 1
    numeric = [
        all(_is_number(line[i]) for line in lines[1:]) and any(line[i] for line in lines[1:]) for i in range(len(head))
    ]
    drawn = (
        "  ".join(_fit(text, width, right=right) for text, width, right in zip(line, widths, numeric, strict=True))
        for line in lines
    )
    return "\n".join(line.rstrip() for line in drawn)


def bar(done: int, total: int) -> str:
    """How far something has come."""
    filled = _BAR * done // total if total else 0
    return f"[{'#' * filled}{'.' * (_BAR - filled)}] {done} of {total}"


def _cell(value: Cell) -> str:
    text = "" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
    return "".join(c if c.isprintable() else " " for c in text)


def _is_number(text: str) -> bool:
    return not text.strip("-.0123456789")


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in text)


def _fit(text: str, width: int, *, right: bool) -> str:
    if _width(text) > width:
        while _width(text) >= width:
            text = text[:-1]
        text += "…"
    gap = " " * (width - _width(text))
    return gap + text if right else text + gap
