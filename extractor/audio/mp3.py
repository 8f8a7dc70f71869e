"""The length of MP3 files that do not say it.

libsndfile estimates the length of an MP3 without a Xing, Info or VBRI header from its first frames, and then stops
reading there: of a variable bit rate file it may drop half. A header that states too few frames it believes. Given an
Info header with the true number of frames, it reads them all. Layout: ISO 11172-3, 2.4.1.3; the Xing header is a frame
of silence that carries counts.
"""

from dataclasses import dataclass

from earshot.audio.id3 import tag_bytes

_TAGS = {b"Xing": 8, b"Info": 8, b"VBRI": 14}
"""Headers that may state the number of frames, and where after their name."""
_TAG_REACH = 200
_LONGEST_FRAME = 1_441  # bytes: 320 kbit/s at 32 kHz, padded
_FRAMES_FLAG = 1
_V1_KBPS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_V2_KBPS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_V1_RATES = (44_100, 48_000, 32_000)
_TORN = 2  # frames: what may be missing at the end of a cut file


@dataclass(frozen=True, slots=True)
class _Frame:
    """A Layer III frame header: `header` are its four bytes, `length` is in bytes with them."""

    header: bytes
    version1: bool
    mono: bool
    length: int


def with_frame_count(data: bytes) -> bytes:
    """`data`, with an Info header before its first frame where it is an MP3 that has none, or none that can be true."""
    start = _after_id3(data)
    first = _frame(data, start)
    if first is None or _stated_frames(data[start : start + _TAG_REACH]) * _LONGEST_FRAME >= len(data) - start:
        return data
    count, position = 0, start
    frame: _Frame | None = first
    while frame:
        count += 1
        position += frame.length
        following = _frame(data, position)
        if following is None and len(data) - position > _TORN * frame.length:
            return data  # something else lies between the frames: the decoder's own search is the better guess
        frame = following
    return _info_frame(first, count) + data[start:]


def _stated_frames(first: bytes) -> int:
    """The number of frames that the first one states, 0 when it states none."""
    for tag, offset in _TAGS.items():
        if (at := first.find(tag)) >= 0:
            return int.from_bytes(first[at + offset : at + offset + 4])
    return 0


def _after_id3(data: bytes) -> int:
    """Where the audio starts, behind every ID3v2 tag."""
    start = 0
    while tag := tag_bytes(data[start : start + 10]):
        start += tag
    return start


def _frame(data: bytes, position: int) -> _Frame | None:
    header = data[position : position + 4]
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:  # eleven sync bits, Layer III
        return None
    version, bitrate, rate = header[1] >> 3 & 3, header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or bitrate in (0, 15) or rate == 3:
        return None
    version1 = version == 3
    kbps = (_V1_KBPS if version1 else _V2_KBPS)[bitrate]
    hertz = _V1_RATES[rate] // (1 if version1 else 2 if version == 2 else 4)
    length = (144_000 if version1 else 72_000) * kbps // hertz + (header[2] >> 1 & 1)
    return _Frame(header, version1, header[3] >> 6 == 3, length)


def _info_frame(first: _Frame, count: int) -> bytes:
    """A frame of the same kind whose side information is zero (silence), carrying the number of frames."""
    side = (17 if first.mono else 32) if first.version1 else (9 if first.mono else 17)
    # Bit 0 of the second byte set: no checksum follows the header.
    header = bytes([first.header[0], first.header[1] | 1, first.header[2], first.header[3]])
    tag = bytes(side) + b"Info" + _FRAMES_FLAG.to_bytes(4) + count.to_bytes(4)
    return header + tag.ljust(first.length - len(header), b"\0")
