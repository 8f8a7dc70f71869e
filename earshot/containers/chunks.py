"""Containers that are a row of chunks, each with its name and length: WAV, RF64, Wave64, AIFF, DSDIFF, DSF, CAF.

What is heard is the chunk of samples together with the one that says how to read them; the others are tags, cue
points and padding. Layouts: RIFF (Microsoft 1991), EBU Tech 3306 (RF64), Sony Wave64, EA IFF 85, DSDIFF 1.5, DSF 1.01,
Apple CAF.
"""

import os
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal, NamedTuple

from earshot.containers.parts import Part, Parts, Unreadable, read_at

_MOST_CHUNKS = 100_000
_MOST_INFO = 1 << 16
_UNKNOWN = (0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF)


@dataclass(frozen=True, slots=True)
class _Layout:
    """How chunks are written: bytes of a name, of a length, their order, and to what chunks are padded."""

    name: int
    length: int
    order: Literal["little", "big"]
    padded_to: int
    counts_itself: bool = False
    """Whether the length counts name and length too."""

    @property
    def head(self) -> int:
        """Bytes before the body."""
        return self.name + self.length


class _Chunk(NamedTuple):
    name: bytes
    body: Part


_RIFF = _Layout(4, 4, "little", 2)
_IFF = _Layout(4, 4, "big", 2)
_IFF_64 = _Layout(4, 8, "big", 2)
_CAF = _Layout(4, 8, "big", 1)
_DSF = _Layout(4, 8, "little", 1, counts_itself=True)
_W64 = _Layout(16, 8, "little", 8, counts_itself=True)
_W64_NAMES = tuple(name + b"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a" for name in (b"fmt ", b"data"))


def riff_audio(file: BinaryIO, part: Part) -> Parts:
    """Of a WAV file."""
    if read_at(file, part.start + 8, 4) != b"WAVE":
        raise Unreadable
    return _bodies(_chunks(file, Part(part.start + 12, part.end), _RIFF), (b"fmt ", b"data"))


def rf64_audio(file: BinaryIO, part: Part) -> Parts:
    """Of a WAV file of more than 4 GiB, whose real length stands in a chunk of its own."""
    ds64 = read_at(file, part.start + 12, 24)
    known = int.from_bytes(ds64[16:24], "little") if ds64.startswith(b"ds64") else None
    chunks = _chunks(file, Part(part.start + 12, part.end), _RIFF, data_length=known)
    return _bodies(chunks, (b"fmt ", b"data"))


def w64_audio(file: BinaryIO, part: Part) -> Parts:
    """Of a Wave64 file."""
    return _bodies(_chunks(file, Part(part.start + 40, part.end), _W64), _W64_NAMES)


def aiff_audio(file: BinaryIO, part: Part) -> Parts:
    """Of an AIFF or AIFC file."""
    return _bodies(_chunks(file, Part(part.start + 12, part.end), _IFF), (b"COMM", b"SSND"))


def dff_audio(file: BinaryIO, part: Part) -> Parts:
    """Of a DSDIFF file."""
    return _bodies(_chunks(file, Part(part.start + 16, part.end), _IFF_64), (b"PROP", b"DSD ", b"DST "))


def dsf_audio(file: BinaryIO, part: Part) -> Parts:
    """Of a DSF file, whose first chunk says where its ID3 tag is."""
    return _bodies(_chunks(file, part, _DSF), (b"fmt ", b"data"))


def caf_audio(file: BinaryIO, part: Part) -> Parts:
    """Of a Core Audio file."""
    return _bodies(_chunks(file, Part(part.start + 8, part.end), _CAF), (b"desc", b"data"))


def info_of_riff(file: BinaryIO) -> list[tuple[str, bytes]]:
    """What the ``LIST INFO`` chunks of a WAV file say: names in lower case with their texts, as they are."""
    head = read_at(file, 0, 12)
    if head[:4] not in (b"RIFF", b"RF64", b"BW64") or head[8:] != b"WAVE":
        return []
    whole = Part(12, os.fstat(file.fileno()).st_size)
    lists = (chunk.body for chunk in _chunks(file, whole, _RIFF) if chunk.name == b"LIST")
    found = []
    for part in lists:
        if read_at(file, part.start, 4) == b"INFO" and part.end - part.start < _MOST_INFO:
            for chunk in _chunks(file, Part(part.start + 4, part.end), _RIFF):
                text = read_at(file, chunk.body.start, chunk.body.end - chunk.body.start).rstrip(b"\0 ")
                found.append((chunk.name.decode("latin-1").lower(), text))
    return found


def _chunks(file: BinaryIO, part: Part, layout: _Layout, data_length: int | None = None) -> Iterator[_Chunk]:
    """The chunks in `part`, as far as they can be followed. A length that is not known, as streams have it, reaches to
    the end.
    """
    start = part.start
    for _ in range(_MOST_CHUNKS):
        head = read_at(file, start, layout.head)
        if len(head) < layout.head or start + layout.head > part.end:
            return
        name, length = head[: layout.name], int.from_bytes(head[layout.name :], layout.order)
        if layout.counts_itself:
            length -= layout.head
        if length < 0:
            return
        body = start + layout.head
        is_open = length in _UNKNOWN or (length == 0 and name == b"data")
        if is_open and data_length is not None:
            length = data_length
        elif is_open:
            length = part.end - body
        yield _Chunk(name, Part(body, min(body + length, part.end)))
        start = body + length + -(body + length - part.start) % layout.padded_to


def _bodies(chunks: Iterator[_Chunk], names: Container[bytes]) -> Parts:
    return (chunk.body for chunk in chunks if chunk.name in names)
