"""Where the audio of a file begins: behind the tags and the padding that tag editors leave in front of it.

Demuxers know of tags, but give up where a cover is larger than what they look at, or where padding follows.
"""

import io
from typing import IO

from earshot.audio.id3 import HEADER_BYTES, tag_bytes

_HEAD = 16
"""So many zeros are padding: an MP4 file begins with fewer."""
_BLOCK = 64 * 1024
_MOST_PADDING = 16 * 1024 * 1024


def beginning(file: IO[bytes]) -> int:
    """Bytes of ID3v2 tags and of zeros in front of the audio.

    Of a tag that claims to be longer than the file only the header is passed over: what is in it looks for its end.
    """
    size = file.seek(0, io.SEEK_END)
    at, padding = 0, _MOST_PADDING
    while True:
        file.seek(at)
        head = file.read(_HEAD)
        if tag := tag_bytes(head):
            at += tag if at + tag < size else HEADER_BYTES
        elif padding and len(head) == _HEAD and not any(head):
            zeros = _zeros(file, padding - _HEAD) + _HEAD
            at, padding = at + zeros, max(0, padding - zeros)
        else:
            return at if at < size else 0


def _zeros(file: IO[bytes], most: int) -> int:
    """How many zeros come next, of at most about `most`."""
    count = 0
    while count < most and (block := file.read(_BLOCK)):
        left = block.lstrip(b"\0")
        count += len(block) - len(left)
        if left:
            break
    return count
