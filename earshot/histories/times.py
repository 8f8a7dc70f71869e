"""When something was played, as histories write it."""

import re
from datetime import UTC, datetime

from earshot.clock import epoch
from earshot.plays import FIRST_LISTENED_AT

_DIGITS = re.compile(r"[0-9]{9,16}(?:\.[0-9]+)?")
_MILLISECONDS = 10**11
"""A number from here on is not seconds, but for those who listen after the year 5138."""
_AS_LASTFM = re.compile(r"(\d{1,2}) ([A-Z][a-z]{2})[a-z]* (\d{4}),? (\d{1,2}):(\d{2})(?::(\d{2}))?")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_AHEAD_S = 3600


def unix_of(value: object) -> int | None:
    """Unix seconds of a time; None where it is none.

    Seconds or milliseconds since the epoch, ISO 8601 and ``01 Jan 2020, 12:34``. UTC, where no zone is said.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()
    if _DIGITS.fullmatch(text):
        number = float(text)
        return int(number / 1000 if number >= _MILLISECONDS else number)
    try:
        moment = _as_lastfm(text) or datetime.fromisoformat(text.removesuffix(" UTC"))
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None


def can_be(listened_at: int) -> bool:
    """Whether plays may be of that time: neither before there was anything that kept them nor after now."""
    return FIRST_LISTENED_AT <= listened_at < epoch() + _AHEAD_S


def is_as_lastfm(text: str) -> bool:
    """Whether it is a time as Last.fm's pages write it: ``01 Jan 2020 12:34``."""
    return _AS_LASTFM.fullmatch(text.strip()) is not None


def _as_lastfm(text: str) -> datetime | None:
    found = _AS_LASTFM.fullmatch(text)
    if not found or found[2] not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(found[place] or 0) for place in (1, 3, 4, 5, 6))
    return datetime(year, _MONTHS.index(found[2]) + 1, day, hour, minute, second, tzinfo=UTC)
