"""From bytes to text, as programs of all ages have written it."""

import codecs
import unicodedata

from earshot.errors import InvalidPlaylist

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEEN = 20_000
_LEAST_READABLE = 0.9


def decoded(content: bytes, what: str) -> tuple[str, str]:
    """The text of `content` and its encoding: what its first bytes say, else UTF-8 or UTF-16, else Windows' own.

    Single bytes that are not of that encoding become U+FFFD and cost no more than their row.

    Raises:
        InvalidPlaylist: it is no text.
    """
    encoding = _encoding(content)
    text = content.decode(encoding, "replace").removeprefix("\ufeff")
    shown = text[:_SEEN]
    if sum(map(_is_readable, shown)) < _LEAST_READABLE * len(shown):
        raise InvalidPlaylist(f"{what} is no text that can be read", hint="Save the list as text in UTF-8.")
    return text, encoding.removesuffix("-sig")


def _encoding(content: bytes) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding
    head = content[:_SEEN]
    if head.count(0) > len(head) // 4:  # every second byte of Latin letters is zero
        return "utf-16-be" if head[::2].count(0) > head[1::2].count(0) else "utf-16-le"
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return "utf-8" if _is_mostly_utf8(content, error.start) else "cp1252"
    return "utf-8"


def _is_mostly_utf8(content: bytes, first_bad: int) -> bool:
    """Whether there is more that is UTF-8 beyond ASCII than that is not: then single bytes were damaged."""
    replaced = content.decode(errors="replace")
    bad = replaced.count("\ufffd")
    return first_bad > 0 and sum(character > "\x7f" for character in replaced) - bad > bad


def _is_readable(character: str) -> bool:
    category = unicodedata.category(character)
    return character in "\t\r\n" or (category[0] != "C" and character != "\ufffd") or category == "Cf"
