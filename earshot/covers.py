"""Covers: what they are called, and the sizes in which they are kept and shown."""

import hashlib

SIZES = (96, 500)
"""Pixels of the longer side, at most: for lists, and for whoever looks closely."""
MEDIA_TYPE = "image/jpeg"
DIGITS = 32


def cover_of(picture: bytes) -> str:
    """The name of the cover that is made of `picture`: the first 32 hex digits of its SHA-256."""
    return hashlib.sha256(picture).hexdigest()[:DIGITS]


def size_for(pixels: int) -> int:
    """The smallest of `SIZES` that is enough for so many pixels, else the largest."""
    return next((size for size in SIZES if size >= pixels), SIZES[-1])
