"""Texts whose bytes say another alphabet than their tag: ID3 knows no code pages, and programs wrote theirs as Latin-1.

Only what is sure is read otherwise: a wrong guess makes a name unreadable that was readable. The texts of a file are
judged together, since they come from one program; the rules were measured on names of several languages and on Western
ones (tests/unit/crawler/test_mojibake.py).
"""

import re
from collections.abc import Sequence

_HIGH = re.compile(r"[^\x00-\x7f]+")
_WORD = re.compile(r"[^\W\d_]+")
_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa]")
_HALF_WIDTH = re.compile(r"[\uff61-\uff9f]")
_NOT_CYRILLIC = re.compile(
    r"[^\x00-\x7f\u0401\u0404\u0406\u0407\u0410-\u044f\u0451\u0454\u0456\u0457\u0490\u0491№«»“”„–—…’]"
)
_LEAST_CYRILLIC, _LEAST_KANA, _LEAST_HANZI = 4, 2, 3
_CHINESE_ALONE = 0xC9
"""Lead bytes from here on are rare characters or none in Korean (KS X 1001), and common ones in Chinese (GB 2312)."""


def as_it_was_meant(texts: Sequence[bytes]) -> list[str]:
    """`texts` of one file, which are said to be Latin-1: in the encoding that they surely are, else in that."""
    joined = b"\n".join(texts)
    encoding = "latin-1" if joined.isascii() else _encoding(joined)
    return [text.decode(encoding, "replace") for text in texts]


def _encoding(data: bytes) -> str:
    if _decoded(data, "utf-8") is not None:
        return "utf-8"
    if _is_cyrillic(_decoded(data, "cp1251")):
        return "cp1251"
    japanese = _decoded(data, "cp932")
    if japanese and len(_KANA.findall(japanese)) >= _LEAST_KANA and not _HALF_WIDTH.search(japanese):
        return "cp932"
    if _is_chinese(data):
        return "gb18030"
    return "cp1252" if _decoded(data, "cp1252") is not None else "latin-1"


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _is_cyrillic(text: str | None) -> bool:
    """Whether words are Cyrillic throughout, and written as words are: capitals in front, or everywhere."""
    if text is None or _NOT_CYRILLIC.search(text):
        return False
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    if sum(map(len, words)) < _LEAST_CYRILLIC or not any(len(word) >= _LEAST_CYRILLIC for word in words):
        return False
    return all(
        not any(letter.isascii() for letter in word) and (word.isupper() or word[1:].islower() or len(word) == 1)
        for word in words
    )


def _is_chinese(data: bytes) -> bool:
    """Whether all that is not ASCII is pairs of bytes of common characters, one at least of which Korean has not."""
    if _decoded(data, "gb2312") is None:
        return False
    pairs = [run[i] for run in _high_runs(data) for i in range(0, len(run), 2)]
    hanzi = [lead for lead in pairs if 0xB0 <= lead <= 0xD7]
    even = all(len(run) % 2 == 0 for run in _high_runs(data))
    return even and len(hanzi) >= _LEAST_HANZI and len(hanzi) >= len(pairs) - 2 and max(hanzi) >= _CHINESE_ALONE


def _high_runs(data: bytes) -> list[bytes]:
    return [run.encode("latin-1") for run in _HIGH.findall(data.decode("latin-1"))]
