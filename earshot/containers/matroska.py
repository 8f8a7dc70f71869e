"""Matroska and WebM (RFC 9559): the clusters."""

from typing import BinaryIO

from earshot.containers.parts import Part, Parts, Unreadable, read_at

_SEGMENT, _CLUSTER = b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75"
_MOST_ELEMENTS = 500_000


def matroska_audio(file: BinaryIO, part: Part) -> Parts:
    """The bodies of all clusters. One whose length is not known, as live streams have it, reaches to the end."""
    start = part.start
    for _ in range(_MOST_ELEMENTS):
        head = read_at(file, start, 12)
        if len(head) < 2 or start >= part.end:
            return
        id_length = _width(head[0])
        if id_length > 4 or len(head) <= id_length or (width := _width(head[id_length])) > 8:
            raise Unreadable
        name, body = head[:id_length], start + id_length + width
        length = int.from_bytes(head[id_length : id_length + width], "big") & ~(1 << 7 * width)
        is_open = length == (1 << 7 * width) - 1
        if name == _SEGMENT:
            start = body
            continue
        end = part.end if is_open else min(body + length, part.end)
        if name == _CLUSTER:
            yield Part(body, end)
        elif is_open:
            raise Unreadable
        start = max(end, body)


def _width(first: int) -> int:
    """Bytes of a number of variable size that begins so; 9: it begins like none."""
    return 9 - first.bit_length()
