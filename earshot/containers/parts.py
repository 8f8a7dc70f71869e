"""Parts of a file, and reading a few bytes of it anywhere."""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple


class Part(NamedTuple):
    """The bytes from `start` to before `end`, counted from the file's beginning."""

    start: int
    end: int


Parts = Iterator[Part]
"""Ascending, none over another, all within the part that was looked into. Who gives them may raise `Unreadable`."""


_FARTHEST = 1 << 42
"""Lengths of 64 bits that lie lead farther than any file reaches, and than file systems let anybody seek."""


class Unreadable(Exception):
    """The container is not what its first bytes promise. It never leaves this room: the whole file is hashed then."""


def read_at(file: BinaryIO, start: int, length: int) -> bytes:
    """Up to `length` bytes from `start` on; fewer where the file ends."""
    if not 0 <= start <= _FARTHEST:
        return b""
    file.seek(start)
    return file.read(length)
