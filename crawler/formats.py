"""By what a file is taken for audio before anybody decodes it: its suffix and its first bytes. Decoding will tell."""

import re

SUFFIXES = frozenset({".mp3", ".ogg", ".oga", ".opus", ".flac", ".wav", ".m4a"})
HEAD_BYTES = 12
_MAGIC = re.compile(rb"ID3|\xff[\xe2-\xff]|OggS|fLaC|(?:RIFF|RF64)....WAVE|FORM....AIF[FC]|....ftyp", re.DOTALL)


def starts_like_audio(head: bytes) -> bool:
    """Whether the first `HEAD_BYTES` of a file are those of a format that is heard here."""
    return _MAGIC.match(head) is not None
