"""The process that decodes: started by `extractor.audio.decoder`, asked through its standard input, which is a socket.

A decoder is a parser of hostile bytes written in C. Here it holds no credentials, cannot write files, cannot outgrow
its memory, and dies alone.
"""

import gc
import io
import json
import math
import os
import resource
import signal
import socket
import struct
import sys

import numpy as np

from earshot.errors import AudioRejected
from earshot.reasons import Reason
from extractor.audio.decode import decode_file
from extractor.audio.samples import Samples

REQUEST = struct.Struct("!Idd")
"""Sample rate wanted in Hz, least seconds, most seconds to spend; the descriptor of the audio file comes with it."""
REPLY = struct.Struct("!II")
"""Bytes of JSON (`seconds`, or `reason` and `message`) and bytes of float32 samples that follow."""
MEMORY_BYTES = 192 * 1024 * 1024
MAX_BYTES = 64 * 1024 * 1024
"""The largest file that is decoded; it lies in memory once, outside the decoder's."""
_PART = 256 * 1024
_OPEN_FILES = 64


def main() -> None:
    """Answer requests until the other side closes the socket."""
    _confine()
    gc.freeze()
    with socket.socket(fileno=sys.stdin.fileno()) as channel:
        while True:
            header, files, _, _ = socket.recv_fds(channel, REQUEST.size, 1)
            if not header:
                return
            _serve(channel, files[0], *REQUEST.unpack(header))
            gc.collect()  # a decoder may hold itself in a cycle


def receive(channel: socket.socket, length: int) -> bytes:
    """Exactly `length` bytes; fewer only where the other side has closed."""
    content = io.BytesIO()  # grows as bytes arrive, and gives them away without a copy
    while (missing := length - content.tell()) and (part := channel.recv(min(missing, _PART))):
        content.write(part)
    return content.getvalue()


def _serve(channel: socket.socket, file: int, rate: int, min_seconds: float, limit_s: float) -> None:
    signal.alarm(math.ceil(limit_s))  # its default action ends the process, also inside C code
    note, samples = _answer(file, rate, min_seconds)
    signal.alarm(0)
    os.close(file)
    text = json.dumps(note).encode()
    channel.sendall(REPLY.pack(len(text), samples.nbytes) + text)
    channel.sendall(samples.data)


def _answer(file: int, rate: int, min_seconds: float) -> tuple[dict[str, object], Samples]:
    try:
        audio = decode_file(file, rate, min_seconds)
    except AudioRejected as error:
        return {"reason": error.reason, "message": error.message}, np.empty(0, np.float32)
    except MemoryError:
        note: dict[str, object] = {"reason": Reason.TOO_MUCH_MEMORY, "message": "decoding needs too much memory"}
        return note, np.empty(0, np.float32)
    return {"seconds": audio.seconds}, audio.samples


def _confine() -> None:
    """What a healthy file never reaches; Linux alone bounds memory this way."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))


if __name__ == "__main__":
    main()
