"""Pictures, encoded as covers are."""

from fractions import Fraction
from typing import cast

import av
import numpy as np


def picture(red: int, width: int = 600, height: int = 400, codec: str = "mjpeg") -> bytes:
    """A picture of one colour."""
    encoder = cast("av.VideoCodecContext", av.VideoCodecContext.create(codec, "w"))
    encoder.width, encoder.height, encoder.time_base = width, height, Fraction(1)
    encoder.pix_fmt = {"mjpeg": "yuvj420p", "png": "rgb24", "libwebp": "yuv420p"}[codec]
    colour = np.full((height, width, 3), (red, 40, 200), np.uint8)
    frame = av.VideoFrame.from_ndarray(colour, format="rgb24").reformat(format=encoder.pix_fmt)
    frame.pts = 0
    return b"".join(bytes(packet) for packet in (*encoder.encode(frame), *encoder.encode(None)))
