"""Reading fields of other people's JSON: what is missing or of another type is unknown, never an error."""

import re
from collections.abc import Mapping, Sequence

_MAX_TEXT = 500
_MAX_URL = 2048
_MBID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")


def field(value: object, *path: str | int) -> object:
    """What `path` leads to inside `value`, or None."""
    for step in path:
        if isinstance(step, str) and isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def text(value: object, *path: str | int) -> str:
    """The text at `path`, shortened to 500 characters; empty where there is none."""
    found = field(value, *path)
    return found.strip()[:_MAX_TEXT].encode("utf-8", "replace").decode() if isinstance(found, str) else ""


def url(value: object, *path: str | int) -> str | None:
    """The URL at `path`, never shortened: None where there is none, or one longer than 2,048 characters."""
    found = field(value, *path)
    if not isinstance(found, str) or not 0 < len(found.strip()) <= _MAX_URL:
        return None
    return found.strip().encode("utf-8", "replace").decode()


def whole(value: object, *path: str | int) -> int | None:
    """The positive whole number at `path`, also where it is written as text, or None."""
    found = field(value, *path)
    if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) < 19:
        found = int(found)
    if isinstance(found, float) and found.is_integer() and abs(found) < 1e18:
        found = int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 < found < 10**18 else None


def rows(value: object, *path: str | int) -> Sequence[object]:
    """The list at `path`, or an empty one."""
    found = field(value, *path)
    return found if isinstance(found, list) else ()


def isrc(value: object, *path: str | int) -> str | None:
    """The ISRC at `path` (ISO 3901: 12 characters, upper case, no hyphens), or None."""
    code = text(value, *path).replace("-", "").replace(" ", "").upper()
    return code if _ISRC.fullmatch(code) else None


def mbid(value: object, *path: str | int) -> str | None:
    """The id of MusicBrainz at `path`, in lower case, or None."""
    code = text(value, *path).lower()
    return code if _MBID.fullmatch(code) else None
