"""Which bytes are a picture that may become a cover."""

MAX_PICTURE_BYTES = 16 * 1024 * 1024

_BEGINNINGS = ((0, b"\xff\xd8\xff", "mjpeg"), (0, b"\x89PNG\r\n\x1a\n", "png"), (8, b"WEBPVP8", "webp"),
               (0, b"GIF8", "gif"), (0, b"BM", "bmp"))  # fmt: skip


def codec_of(picture: bytes) -> str | None:
    """What FFmpeg calls the decoder of a picture that begins so; None: it is none that is shown."""
    return next((codec for at, magic, codec in _BEGINNINGS if picture.startswith(magic, at)), None)


def may_be_cover(picture: bytes) -> bool:
    """Whether it begins like a picture and is not too large. Whether it is one, drawing it will tell."""
    return len(picture) <= MAX_PICTURE_BYTES and codec_of(picture) is not None
