"""A foreign picture -> the sizes in which it is shown, as JPEG, which every player shows.

Decoded, made smaller and encoded once; nothing of the original goes further: no metadata, no second image, no trailing
bytes. FFmpeg is here anyway, for audio.
"""

from fractions import Fraction
from typing import cast

from av.video.frame import VideoFrame

from crawler.pictures import codec_of
from earshot.confined.ffmpeg import av
from earshot.covers import SIZES
from earshot.errors import AudioRejected
from earshot.reasons import Reason

MAX_PIXELS = 25_000_000
"""Of 5,000 by 5,000; what claims more is not decoded (its header says so before)."""
_PIXELS = "yuvj420p"
_QUALITY = 4
"""Of FFmpeg's scale for JPEG, where 2 is the best and 31 the worst."""


def drawn(picture: bytes) -> dict[int, bytes]:
    """The picture in each of `SIZES`, as JPEG, with its own proportions; a smaller one is not made larger.

    Raises:
        AudioRejected: `unplayable`, it cannot be decoded or has too many pixels; `too_much_memory`.
    """
    frame = _decoded(picture)
    return {size: _encoded(frame, size) for size in SIZES}


def _decoded(picture: bytes) -> VideoFrame:
    codec = codec_of(picture)
    if codec is None:
        raise AudioRejected("it begins like no picture", reason=Reason.UNPLAYABLE)
    try:
        context = cast("av.VideoCodecContext", av.VideoCodecContext.create(codec, "r"))
        context.options = {"max_pixels": str(MAX_PIXELS)}
        context.thread_count = 1
        for packet in (av.Packet(picture), None):
            for frame in context.decode(packet):
                if isinstance(frame, VideoFrame) and frame.width * frame.height <= MAX_PIXELS:
                    return frame
    except (av.FFmpegError, ValueError) as error:
        if isinstance(error, MemoryError):
            raise
        raise AudioRejected(f"the picture cannot be decoded: {error}", reason=Reason.UNPLAYABLE) from None
    raise AudioRejected("the picture holds none", reason=Reason.UNPLAYABLE)


def _encoded(frame: VideoFrame, size: int) -> bytes:
    factor = min(Fraction(1), Fraction(size, max(frame.width, frame.height)))
    width, height = (max(1, round(length * factor)) for length in (frame.width, frame.height))
    small = frame.reformat(width, height, format=_PIXELS, interpolation="AREA")
    small.pts = 0
    encoder = av.VideoCodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, _PIXELS
    encoder.time_base = Fraction(1)
    encoder.thread_count = 1
    encoder.options = {"qmin": str(_QUALITY), "qmax": str(_QUALITY), "flags": "+bitexact"}
    return b"".join(bytes(packet) for packet in (*encoder.encode(small), *encoder.encode(None)))
