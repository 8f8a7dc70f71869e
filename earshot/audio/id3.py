"""ID3v2 tags, as far as one must know them to pass over them: https://id3.org/id3v2.4.0-structure, 3.1."""

HEADER_BYTES = 10
_HAS_FOOTER = 0x10


def tag_bytes(head: bytes) -> int:
    """The length of the tag that begins with `head` (10 bytes or more), its header included; 0: it begins with none."""
    if len(head) < HEADER_BYTES or head[:3] != b"ID3" or any(byte & 0x80 for byte in head[6:10]):
        return 0
    size = 0
    for byte in head[6:10]:  # seven bits each
        size = size << 7 | byte
    return size + HEADER_BYTES * (2 if head[5] & _HAS_FOOTER else 1)
