"""ASF, of WMA files (Microsoft, revision 01.20.03): the packets of the data object."""

from typing import BinaryIO

from earshot.containers.parts import Part, Parts, read_at

_DATA = b"\x36\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"
_HEAD = 24
_BEFORE_PACKETS = 26
"""The file's own id, the number of packets, and two bytes."""
_MOST_OBJECTS = 10_000


def asf_audio(file: BinaryIO, part: Part) -> Parts:
    """What the data object holds."""
    start = part.start
    for _ in range(_MOST_OBJECTS):
        head = read_at(file, start, _HEAD)
        length = int.from_bytes(head[16:], "little")
        if len(head) < _HEAD or length < _HEAD:
            return
        end = min(start + length, part.end)
        if head.startswith(_DATA) and start + _HEAD + _BEFORE_PACKETS < end:
            yield Part(start + _HEAD + _BEFORE_PACKETS, end)
        start += length
