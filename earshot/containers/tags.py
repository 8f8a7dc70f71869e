"""Tags that lie in front of and behind the audio, whatever the format: ID3v2 and APEv2, ID3v1, Lyrics3.

What is left between them is the audio of MP3, AAC, AC-3, Monkey's Audio, WavPack, TrueAudio, Musepack and others that
have no container, and the container of those that have one: FLAC and DSF files with an ID3 tag in front are common.
Layouts: id3.org (2.4.0 §3; Lyrics3 v2.00), wiki.hydrogenaud.io (APEv2 specification).
"""

from typing import BinaryIO

from earshot.containers.parts import Part, read_at

_MOST_TAGS = 32
"""On either side; dirty collections have three."""
_MOST_PADDING = 1 << 20
_BLOCK = 1 << 16
_ID3V1, _ENHANCED, _FOOTER = 128, 227, 32
_LYRICS_1 = 5100
_HAS_HEADER = 1 << 31
_HAS_FOOTER = 0x10


def between_tags(file: BinaryIO, part: Part) -> Part:
    """What of `part` lies between the tags in front and behind. All of it where nothing would be left."""
    start = _after_front(file, part)
    end = _before_back(file, Part(start, part.end))
    return Part(start, end) if start < end else part


def _after_front(file: BinaryIO, part: Part) -> int:
    start = part.start
    for _ in range(_MOST_TAGS):
        head = read_at(file, start, _FOOTER)
        if head.startswith(b"ID3") and len(head) >= 10 and max(head[6:10]) < 0x80:
            length = 10 + _syncsafe(head[6:10]) + (10 if head[5] & _HAS_FOOTER else 0)
        elif head.startswith(b"APETAGEX") and len(head) == _FOOTER:
            length = _FOOTER + int.from_bytes(head[12:16], "little")
        else:
            break
        if start + length >= part.end:
            break
        start = _after_zeros(file, Part(start + length, part.end))
    return start


def _after_zeros(file: BinaryIO, part: Part) -> int:
    """Padding that the tag's length does not count; no audio starts with a zero but MP4's, which has no such tag."""
    start, limit = part.start, min(part.end, part.start + _MOST_PADDING)
    while start < limit:
        block = read_at(file, start, min(_BLOCK, limit - start))
        if kept := block.lstrip(b"\0"):
            return start + len(block) - len(kept)
        if not block:
            break
        start += len(block)
    return part.start


def _before_back(file: BinaryIO, part: Part) -> int:
    end = part.end
    for _ in range(_MOST_TAGS):
        length = _length_of_tag_before(file, end)
        if not length or end - length <= part.start:
            break
        end -= length
    return end


def _length_of_tag_before(file: BinaryIO, end: int) -> int:
    """Of the tag that ends there; 0: there is none."""
    tail = read_at(file, end - _ID3V1, _ID3V1)
    if len(tail) < _ID3V1:
        return 0
    if tail.startswith(b"TAG") and tail[3:4] != b"+":
        return _ID3V1 + (_ENHANCED if read_at(file, end - _ID3V1 - _ENHANCED, 4) == b"TAG+" else 0)
    footer = tail[-_FOOTER:]
    if footer.startswith(b"APETAGEX"):
        header = _FOOTER if int.from_bytes(footer[20:24], "little") & _HAS_HEADER else 0
        return max(_FOOTER, int.from_bytes(footer[12:16], "little")) + header
    if tail[-10:-7] == b"3DI" and max(tail[-4:]) < 0x80:
        return 20 + _syncsafe(tail[-4:])
    return _length_of_lyrics(file, tail, end)


def _length_of_lyrics(file: BinaryIO, tail: bytes, end: int) -> int:
    if tail.endswith(b"LYRICS200") and tail[-15:-9].isdigit():
        return int(tail[-15:-9]) + 15
    if not tail.endswith(b"LYRICSEND"):
        return 0
    before = read_at(file, max(0, end - _LYRICS_1), min(end, _LYRICS_1))
    begin = before.rfind(b"LYRICSBEGIN")
    return len(before) - begin if begin >= 0 else 0


def _syncsafe(data: bytes) -> int:
    """Four bytes of seven bits each, the highest first."""
    return data[0] << 21 | data[1] << 14 | data[2] << 7 | data[3]


# --- The first frame of an MP3, which holds no sound ----------------------------------------------------------------

_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_KBPS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBPS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MPEG_1, _MONO = 3, 3


def without_mp3_header(file: BinaryIO, part: Part) -> Part:
    """`part` without the frame (Xing, Info, VBRI) in which encoders and repair tools note length, gain and delay."""
    frame = read_at(file, part.start, 64)
    length = _layer_3_frame(frame)
    if not length or part.start + length >= part.end:
        return part
    version, is_mono = frame[1] >> 3 & 3, frame[3] >> 6 == _MONO
    side_info = (17 if is_mono else 32) if version == _MPEG_1 else (9 if is_mono else 17)
    if frame[4 + side_info :].startswith((b"Xing", b"Info")) or frame[36:].startswith(b"VBRI"):
        return Part(part.start + length, part.end)
    return part


def _layer_3_frame(frame: bytes) -> int:
    """Bytes of the frame that begins so; 0: it is none of layer 3, or its length is not said."""
    if len(frame) < 4 or frame[0] != 0xFF or frame[1] & 0xE0 != 0xE0 or frame[1] >> 1 & 3 != 1:
        return 0
    version, bit_rate, rate = frame[1] >> 3 & 3, frame[2] >> 4, frame[2] >> 2 & 3
    if version not in _RATES or bit_rate in (0, 15) or rate > 2:
        return 0
    kbps = (_KBPS_1 if version == _MPEG_1 else _KBPS_2)[bit_rate]
    samples_over_8 = 144 if version == _MPEG_1 else 72
    return samples_over_8 * kbps * 1000 // _RATES[version][rate] + (frame[2] >> 1 & 1)
