"""The confined process: a module's `main` that answers requests through its standard input, which is a socket.

A parser of hostile bytes is written in C. Here it holds no credentials, can reach nothing, cannot outgrow its memory
or its time, and dies alone.
"""

import gc
import json
import math
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any

from earshot.confined.channel import REPLY, REQUEST, receive
from earshot.confined.walls import confine
from earshot.errors import AudioRejected
from earshot.reasons import Reason

Wanted = Mapping[str, Any]
"""What a request says besides the file."""
Answer = tuple[Mapping[str, object], memoryview | bytes]
"""A note, and the content that it is about."""


def serve(answer: Callable[[int, Wanted], Answer]) -> None:
    """Confine this process, say so, and answer requests until the other side closes.

    Args:
        answer: from the descriptor of a file and what is wanted to the answer. Raises AudioRejected.
    """
    with socket.socket(fileno=sys.stdin.fileno()) as channel:
        unfiltered = confine()
        gc.freeze()
        _send(channel, {"unfiltered": unfiltered}, b"")
        while True:
            header, files, _, _ = socket.recv_fds(channel, REQUEST.size, 1)
            if not header:
                return
            length, limit_s = REQUEST.unpack(header)
            wanted = json.loads(receive(channel, length))
            signal.alarm(math.ceil(limit_s))  # its default action ends the process, also inside C code
            note, content = _answer(answer, files[0], wanted)
            signal.alarm(0)
            os.close(files[0])
            _send(channel, note, content)
            gc.collect()  # a decoder may hold itself in a cycle


def _answer(answer: Callable[[int, Wanted], Answer], file: int, wanted: Wanted) -> Answer:
    try:
        return answer(file, wanted)
    except AudioRejected as error:
        return {"reason": error.reason, "message": error.message}, b""
    except MemoryError:
        return {"reason": Reason.TOO_MUCH_MEMORY, "message": "decoding needs too much memory"}, b""


def _send(channel: socket.socket, note: Mapping[str, object], content: memoryview | bytes) -> None:
    text = json.dumps(note).encode()
    channel.sendall(REPLY.pack(len(text), memoryview(content).nbytes) + text)
    channel.sendall(content)
