"""The socket between a process and the confined one: a request with a file's descriptor, a note and bytes back."""

import io
import socket
import struct
import time
from typing import NamedTuple

REQUEST = struct.Struct("!Id")
"""Bytes of JSON that follow, and the most seconds to spend; the descriptor of the file comes with it."""
REPLY = struct.Struct("!II")
"""Bytes of JSON (a note, or `reason` and `message` of a rejection) and bytes of content that follow."""
MAX_NOTE_BYTES = 64 * 1024
_PART = 256 * 1024


class Reply(NamedTuple):
    """What came back: what is said of the content, and the content."""

    note: bytes
    content: bytes


class ChannelClosed(Exception):
    """The other side has closed, or says what nobody would say who is of sound mind."""


def receive_reply(channel: socket.socket, *, max_content_bytes: int, deadline: float) -> Reply:
    """The other side's reply, which it has until `deadline` (`time.monotonic`) to give; it is not trusted.

    Raises:
        ChannelClosed, TimeoutError, OSError.
    """
    note_bytes, content_bytes = REPLY.unpack(receive(channel, REPLY.size, deadline))
    if note_bytes > MAX_NOTE_BYTES or content_bytes > max_content_bytes:
        raise ChannelClosed(f"it announces {note_bytes} and {content_bytes} bytes")
    return Reply(receive(channel, note_bytes, deadline), receive(channel, content_bytes, deadline))


def receive(channel: socket.socket, length: int, deadline: float | None = None) -> bytes:
    """Exactly `length` bytes.

    Raises:
        ChannelClosed: the other side has closed before.
        TimeoutError: the deadline has passed.
    """
    content = io.BytesIO()  # grows as bytes arrive, and gives them away without a copy
    while missing := length - content.tell():
        if deadline is not None:
            channel.settimeout(max(deadline - time.monotonic(), 0.001))
        part = channel.recv(min(missing, _PART))
        if not part:
            raise ChannelClosed(f"{missing} bytes are missing")
        content.write(part)
    return content.getvalue()
