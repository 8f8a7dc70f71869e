"""FLAC (RFC 9639): the frames after the metadata blocks."""

from typing import BinaryIO

from earshot.containers.parts import Part, Parts, Unreadable, read_at

_MOST_BLOCKS = 10_000
_LAST = 0x80


def flac_audio(file: BinaryIO, part: Part) -> Parts:
    """What follows the last metadata block."""
    start = part.start + 4
    for _ in range(_MOST_BLOCKS):
        head = read_at(file, start, 4)
        if len(head) < 4:
            raise Unreadable
        start += 4 + int.from_bytes(head[1:], "big")
        if head[0] & _LAST:
            break
    if start >= part.end:
        raise Unreadable
    return iter((Part(start, part.end),))
