"""Single values of lists: codes, lengths, names of artists."""

import re

from earshot.errors import InvalidTrackId
from earshot.ids import parse_track_id

_MAX_TEXT = 500
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
_MBID = re.compile(r"(?i)(?:^|[/:])([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/?$")
_CLOCK = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,3})):(\d{1,2})(?:[.,](\d{1,3}))?")
_UNITS = re.compile(
    r"(?i)(?:PT)?(?:(\d+)\s*h(?:ours?)?)?\s*(?:(\d+)\s*m(?:in(?:utes?)?)?)?\s*(?:(\d+)(?:[.,]\d+)?\s*s(?:ec(?:onds?)?)?)?"
)
_NUMBER = re.compile(r"\d{1,12}(?:[.,]\d+)?")
_SURELY_MS = 10_000
"""A bare number from here on is not seconds: few tracks last three hours, none ten seconds in a list without a unit."""
_MAX_MS = 10**9
_JOINED = re.compile(r",\s+(?!(?i:the|jr|sr)\b)")


def text_of(value: object) -> str:
    """A text fit to be kept: one line, no control characters, at most 500 characters."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    shown = "".join(c if c.isprintable() else " " for c in str(value)[: 4 * _MAX_TEXT])
    return " ".join(shown.split())[:_MAX_TEXT]


def isrc_of(value: object) -> str | None:
    """The ISRC in `value` ("US-ABC-12-34567", "urn:isrc:…"), or None."""
    code = re.sub(r"(?i)^(?:urn:)?isrc:", "", text_of(value)).replace("-", "").replace(" ", "").upper()
    return code if _ISRC.fullmatch(code) else None


def mbid_of(value: object) -> str | None:
    """The MusicBrainz id in `value`, which may be its URL, or None."""
    found = _MBID.search(text_of(value))
    return found[1].lower() if found else None


def track_id_of(value: object) -> str:
    """The canonical id of the id, URI or URL `value`; empty where it is none of a source that is known."""
    try:
        return parse_track_id(text_of(value))
    except InvalidTrackId:
        return ""


def length_of(value: object, unit: str = "") -> int | None:
    """Milliseconds of "3:20", "1:02:03", "3m 20s", "200", "200.5", "200000"; None where it is no length.

    `unit` is ``ms`` or ``s`` where the column says so; a bare number of no unit is taken for seconds unless it is too
    large to be that.
    """
    text = text_of(value)
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, seconds = (int(part or 0) for part in clock.groups()[:3])
        return _plausible(((hours * 60 + minutes) * 60 + seconds) * 1000 + int((clock[4] or "0").ljust(3, "0")))
    if _NUMBER.fullmatch(text):
        number = float(text.replace(",", "."))
        is_ms = unit == "ms" or (not unit and number >= _SURELY_MS)
        return _plausible(round(number if is_ms else number * 1000))
    if text and (parts := _UNITS.fullmatch(text)):
        hours, minutes, seconds = (int(part or 0) for part in parts.groups())
        return _plausible(((hours * 60 + minutes) * 60 + seconds) * 1000)
    return None


def _plausible(milliseconds: int) -> int | None:
    return milliseconds if 0 < milliseconds < _MAX_MS else None


def artists_of(value: object, *, several: bool = False) -> tuple[str, ...]:
    """The artists in a list, or in a text that joins them with ";" (and, where a column promises `several`, with ",").

    A name such as "Earth, Wind & Fire" stays whole.
    """
    if isinstance(value, list):
        parts = [text_of(part.get("name")) if isinstance(part, dict) else text_of(part) for part in value]
    else:
        parts = text_of(value).split(";")
        if several and len(parts) == 1 and "&" not in parts[0].rpartition(",")[2]:
            parts = _JOINED.split(parts[0])
    return tuple(dict.fromkeys(filter(None, (part.strip() for part in parts))))
