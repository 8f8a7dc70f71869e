"""By what a file is taken for audio before anybody decodes it: its suffix and its first bytes. Decoding will tell.

docs/formats.md lists what is heard; `earshot.audio.container` what is decoded.
"""

import re

SUFFIXES = frozenset({
    ".mp3", ".mp2", ".mpa", ".mpga", ".flac", ".fla", ".ogg", ".oga", ".opus", ".spx", ".m4a", ".m4b", ".m4r", ".mp4",
    ".3gp", ".3g2", ".3ga", ".aac", ".adts", ".wav", ".wave", ".bwf", ".rf64", ".w64", ".aif", ".aiff", ".aifc",
    ".caf", ".au", ".snd", ".wma", ".asf", ".ape", ".wv", ".tta", ".tak", ".mpc", ".mpp", ".ac3", ".eac3", ".ec3",
    ".dts", ".mka", ".mkv", ".webm", ".weba", ".dsf", ".dff", ".amr",
})  # fmt: skip
HEAD_BYTES = 16
_MAGIC = re.compile(
    rb"ID3|\xff[\xe2-\xff]|OggS|fLaC|(?:RIFF|RF64|BW64)....WAVE|FORM....AIF[FC]|....ftyp"
    rb"|riff\x2e\x91\xcf\x11|caff\0|\.snd|\x30\x26\xb2\x75\x8e\x66\xcf\x11|\x1a\x45\xdf\xa3"  # W64, ASF, Matroska
    rb"|MAC |wvpk|TTA[12]|tBaK|MP\+|MPCK|\x0b\x77|\x7f\xfe\x80\x01|DSD \x1c|FRM8|#!AMR",
    re.DOTALL,
)


def starts_like_audio(head: bytes) -> bool:
    """Whether the first `HEAD_BYTES` of a file are those of a format that is heard here."""
    return _MAGIC.match(head) is not None
