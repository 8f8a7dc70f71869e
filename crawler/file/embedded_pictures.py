"""The picture in a file's tags: ID3, FLAC and Vorbis comments, MP4, APEv2 and ASF."""

import base64
import struct
from collections.abc import Iterator
from itertools import islice
from typing import Any

from mutagen import MutagenError, flac, id3

from crawler.pictures import may_be_cover

_FRONT = 3
"""What ID3, FLAC and ASF call the front cover."""
_MOST = 20


def front_cover(tagged: Any) -> bytes | None:
    """What a reader of mutagen's found in a file: its front cover, else its first picture; damaged ones are none."""
    found: list[tuple[int, bytes]] = []
    try:
        found.extend(islice(_pictures(tagged), _MOST))
    except (MutagenError, ValueError, LookupError, TypeError, AttributeError, struct.error):
        return None  # a picture that is damaged is no picture; the track is none the worse
    usable = [(kind, picture) for kind, picture in found if may_be_cover(picture)]
    return next((p for kind, p in usable if kind == _FRONT), usable[0][1] if usable else None)


def _pictures(tagged: Any) -> Iterator[tuple[int, bytes]]:
    if tagged is None:
        return
    for picture in getattr(tagged, "pictures", ()):  # FLAC
        yield picture.type, picture.data
    tags = tagged if isinstance(tagged, id3.ID3Tags) else getattr(tagged, "tags", None) or tagged
    if isinstance(tags, id3.ID3Tags):
        for frame in tags.getall("APIC"):
            yield int(frame.type), bytes(frame.data)
        return
    for name, value in tags.items() if hasattr(tags, "items") else ():
        match name.casefold() if isinstance(name, str) else "":
            case "metadata_block_picture":
                for text in value:
                    block = flac.Picture(base64.b64decode(text))
                    yield block.type, block.data
            case "coverart":
                yield from ((0, base64.b64decode(text)) for text in value)
            case "covr":
                yield from ((_FRONT, bytes(picture)) for picture in value)
            case "wm/picture":
                yield from (_of_asf(bytes(picture.value)) for picture in value)
            case named if named.startswith("cover art"):
                yield (_FRONT if "front" in named else 0), bytes(value.value).partition(b"\0")[2]


def _of_asf(block: bytes) -> tuple[int, bytes]:
    """Kind, length, media type and description in UTF-16, each ended by a zero; then the picture."""
    kind, length = struct.unpack_from("<BI", block)
    at = 5
    for _ in range(2):
        while block[at : at + 2] not in (b"\0\0", b""):
            at += 2
        at += 2
    return kind, block[at : at + length]
