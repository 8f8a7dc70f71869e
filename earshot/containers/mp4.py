"""MP4 and M4A (ISO 14496-12): the media data, wherever tags have moved it."""

from typing import BinaryIO

from earshot.containers.parts import Part, Parts, read_at

_MOST_BOXES = 200_000


def mp4_audio(file: BinaryIO, part: Part) -> Parts:
    """The bodies of all ``mdat`` boxes at the top; a fragmented file has many."""
    start = part.start
    for _ in range(_MOST_BOXES):
        head = read_at(file, start, 16)
        if len(head) < 8:
            return
        length, body = int.from_bytes(head[:4], "big"), start + 8
        if length == 1 and len(head) == 16:
            length, body = int.from_bytes(head[8:], "big"), start + 16
        elif length == 0:
            length = part.end - start
        if length < body - start:
            return
        if head[4:8] == b"mdat":
            yield Part(body, min(start + length, part.end))
        start += length
