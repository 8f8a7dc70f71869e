"""Ranges as people write them: `1994`, `1990-1999`, `1990-`, `-1999`, `1990s`; `3:00-5:30`, `-600`; `20-60`."""

import re
from collections.abc import Callable

from earshot.errors import InvalidRequest
from earshot.index.facets import Range

_DASH = re.compile(r"\s*(?:-|–|—|\.\.)\s*")
_YEAR = re.compile(r"[0-9]{4}")
_DECADE = re.compile(r"([0-9]{3})0s")
_PERCENT = re.compile(r"100|[0-9]{1,2}")
_LENGTH = re.compile(r"(?:(?:([0-9]{1,2}):)?([0-9]{1,3}):)?([0-9]{1,6})")


def years(text: str) -> Range:
    """The first and the last year.

    Raises:
        InvalidRequest: it is no range of years.
    """
    if decade := _DECADE.fullmatch(text.strip()):
        first = int(decade[1]) * 10
        return first, first + 9
    return _range(text, _year, "`year`", "Write 1994, 1990-1999, 1990-, -1999 or 1990s.")


def seconds(text: str) -> Range:
    """The least and the greatest length, in seconds.

    Raises:
        InvalidRequest: it is no range of lengths.
    """
    return _range(text, _seconds, "`length`", "Write minutes and seconds, or seconds: 3:00-5:30, -10:00, 120-.")


def popularities(text: str) -> Range:
    """The least and the greatest popularity, 0 to 100.

    Raises:
        InvalidRequest: it is no range of them.
    """
    return _range(text, _percent, "`popularity`", "Write 20-60, 60- or -20: 0 is unknown to all, 100 known to all.")


def _range(text: str, number: Callable[[str], int | None], what: str, hint: str) -> Range:
    parts = _DASH.split(text.strip())
    numbers = [number(part) if part else None for part in parts]
    is_clear = (
        len(parts) <= 2
        and any(parts)
        and all(bool(part) is (n is not None) for part, n in zip(parts, numbers, strict=True))
    )
    if not is_clear:
        raise InvalidRequest(f"{what} is no range: {text[:40]!r}", hint=hint)
    first, last = numbers[0], numbers[-1]
    if first is not None and last is not None and first > last:
        raise InvalidRequest(f"{what} ends before it begins: {text[:40]!r}", hint=hint)
    return first, last


def _year(text: str) -> int | None:
    return int(text) if _YEAR.fullmatch(text) else None


def _percent(text: str) -> int | None:
    return int(text) if _PERCENT.fullmatch(text) else None


def _seconds(text: str) -> int | None:
    found = _LENGTH.fullmatch(text)
    if found is None:
        return None
    hours, minutes, rest = (int(part or 0) for part in found.groups())
    return 3600 * hours + 60 * minutes + rest
