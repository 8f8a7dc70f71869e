"""The id of a file: the hash of its audio stream, which retagging, renaming and moving leave as it is.

No decoder has a say: what the audio *is* would then change with its version. Each container says where its audio lies
(`Parts`), and these bytes are hashed as they are. Where a container cannot be followed, the whole file is the audio:
such a file has an id too, only one that its tags are part of (docs/adr/0020).
"""

import hashlib
import os
from collections.abc import Callable
from typing import BinaryIO

from earshot.containers.asf import asf_audio
from earshot.containers.chunks import aiff_audio, caf_audio, dff_audio, dsf_audio, rf64_audio, riff_audio, w64_audio
from earshot.containers.flac import flac_audio
from earshot.containers.matroska import matroska_audio
from earshot.containers.mp4 import mp4_audio
from earshot.containers.ogg import ogg_audio
from earshot.containers.parts import Part, Parts, Unreadable, read_at
from earshot.containers.tags import between_tags, without_mp3_header
from earshot.ids import TrackId
from earshot.windows import Window

_DIGITS = 16
_BLOCK = 1 << 18
_HEAD = 16
_MOST_PARTS = 1_000_000
"""Of a file; one that falls into more is hostile, and hashed as a whole."""
_LEAST_BYTES = 64
"""Of audio: what is less than this tells no two files apart."""

_CONTAINERS: tuple[tuple[int, bytes, Callable[[BinaryIO, Part], Parts]], ...] = (
    (0, b"OggS", ogg_audio),
    (0, b"fLaC", flac_audio),
    (4, b"ftyp", mp4_audio),
    (0, b"RIFF", riff_audio),
    (0, b"RF64", rf64_audio),
    (0, b"BW64", rf64_audio),
    (0, b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb", w64_audio),
    (0, b"FORM", aiff_audio),
    (0, b"FRM8", dff_audio),
    (0, b"DSD ", dsf_audio),
    (0, b"caff", caf_audio),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c", asf_audio),
    (0, b"\x1a\x45\xdf\xa3", matroska_audio),
)


def track_id_of(file: BinaryIO) -> TrackId:
    """``file:`` and the first 16 hex digits of the SHA-256 of the file's audio stream.

    It is read in blocks, once, from beginning to end; whatever the bytes are, it ends.

    Raises:
        OSError: it cannot be read.
    """
    size = os.fstat(file.fileno()).st_size
    try:
        digest, length = _digest(file, _audio(file, size))
    except Unreadable:
        length = 0
    if length < _LEAST_BYTES:
        return former_track_id_of(file)
    return TrackId(f"file:{digest[:_DIGITS]}")


def former_track_id_of(file: BinaryIO) -> TrackId:
    """The id that older versions gave the file: the same of all of its bytes."""
    file.seek(0)
    return TrackId(f"file:{hashlib.file_digest(file, 'sha256').hexdigest()[:_DIGITS]}")  # type: ignore[arg-type]


def names_file(track_id: TrackId, file: BinaryIO, window: Window | None = None) -> bool:
    """Whether the track is the one in the file, or in a window of it, by the id that it has now or had."""
    if window:
        return track_id == window.track_id(track_id_of(file))
    return track_id == track_id_of(file) or track_id == former_track_id_of(file)


def _audio(file: BinaryIO, size: int) -> Parts:
    inner = between_tags(file, Part(0, size))
    head = read_at(file, inner.start, _HEAD)
    for offset, magic, audio in _CONTAINERS:
        if head[offset:].startswith(magic):
            return audio(file, inner)
    return iter((without_mp3_header(file, inner),))


def _digest(file: BinaryIO, parts: Parts) -> tuple[str, int]:
    """Hex digest of the bytes of all parts, and how many they are.

    Raises:
        Unreadable: there are too many.
    """
    digest, length = hashlib.sha256(), 0
    block = memoryview(bytearray(_BLOCK))
    for number, part in enumerate(parts):
        if number == _MOST_PARTS:
            raise Unreadable
        left = part.end - part.start
        if left > 0:
            file.seek(part.start)
        while left > 0 and (read := file.readinto(block[: min(_BLOCK, left)])):  # type: ignore[attr-defined]
            digest.update(block[:read])
            length += read
            left -= read
    return digest.hexdigest(), length
