"""Ogg (RFC 3533): the packets after the headers, however they lie on pages.

Taggers rewrite the second packet of a stream, the comments, and with it the paging of the others. The first packet,
too, is no sound, and taggers of Opus write a gain into it. FLAC in Ogg has as many headers as metadata blocks; its
packets of sound begin with all ones (its mapping, 1.0).
"""

from typing import BinaryIO

from earshot.containers.parts import Part, Parts, Unreadable, read_at

_HEAD = 27
_MOST_LACING = 255
_BLOCK = 1 << 16
_CONTINUED, _BEGINS = 1, 2
_HEADERS = 2
_FLAC = b"\x7fFLAC"


class _Stream:
    """Where one of the streams in the file is: headers left out so far, and whether the packet at hand is one."""

    def __init__(self, *, is_flac: bool) -> None:
        self.is_flac = is_flac
        self.packet = 0
        self.is_sound = False
        self.begins = True


def ogg_audio(file: BinaryIO, part: Part) -> Parts:
    """Of each page what belongs to packets of sound. Garbage between pages is passed over."""
    if read_at(file, part.start, 4) != b"OggS":
        raise Unreadable
    streams: dict[bytes, _Stream] = {}
    start = part.start
    while start < part.end:
        head = read_at(file, start, _HEAD + _MOST_LACING)
        if len(head) < _HEAD or not head.startswith(b"OggS"):
            start = _next_page(file, Part(start + 1, part.end))
            continue
        lacing = head[_HEAD : _HEAD + head[26]]
        body = start + _HEAD + len(lacing)
        serial = head[14:18]
        if head[5] & _BEGINS or serial not in streams:
            streams[serial] = _Stream(is_flac=read_at(file, body, 5) == _FLAC)
            if len(streams) > _MOST_LACING:
                raise Unreadable
        yield from _sound(file, streams[serial], lacing, Part(body, part.end))
        start = body + sum(lacing)


def _sound(file: BinaryIO, stream: _Stream, lacing: bytes, part: Part) -> Parts:
    """The parts of a page's body that belong to packets of sound, those that touch as one."""
    begin = at = part.start
    for length in lacing:
        if stream.begins:
            stream.begins = False
            was_sound = stream.is_sound
            stream.is_sound = _is_sound(file, stream, at)
            if stream.is_sound and not was_sound:
                begin = at
        at += length
        if length < _MOST_LACING:
            stream.packet += 1
            stream.begins = True
            if not stream.is_sound:
                begin = at
    end = min(at, part.end)
    if stream.is_sound and begin < end:
        yield Part(begin, end)


def _is_sound(file: BinaryIO, stream: _Stream, at: int) -> bool:
    if stream.is_sound:
        return True
    if stream.is_flac:
        return stream.packet > 0 and read_at(file, at, 1) == b"\xff"
    return stream.packet >= _HEADERS


def _next_page(file: BinaryIO, part: Part) -> int:
    """Where the next page begins; the end of `part` where there is none."""
    start = part.start
    while start < part.end:
        block = read_at(file, start, _BLOCK)
        if (found := block.find(b"OggS")) >= 0:
            return start + found
        if len(block) < _BLOCK:
            break
        start += _BLOCK - 3
    return part.end
