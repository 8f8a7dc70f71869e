"""The process that has hostile bytes worked on: it starts the confined one, asks it, and replaces it when it dies."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from earshot.confined.channel import REQUEST, ChannelClosed, receive_reply
from earshot.errors import AudioRejected, DecoderCrashed, DecoderUnavailable
from earshot.reasons import Reason
from earshot.telemetry import logger

_START_S = 30.0
_GRACE_S = 5.0
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE")
"""The environment variables that the child gets: none that could hold a secret, or say how many threads it may have."""
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_PERHAPS_OF_EARLIER_FILES = (Reason.DECODER_CRASHED, Reason.TOO_MUCH_MEMORY)


class Answered(NamedTuple):
    """What the confined process made of a file."""

    note: dict[str, Any]
    content: bytes


@dataclass(slots=True)
class _Child:
    process: subprocess.Popen[bytes]
    channel: socket.socket
    ready: bool = False
    used: bool = False


class Confined:
    """Has one file at a time worked on in a child process, which is started ahead and replaced when it dies.

    Args:
        module: what the child runs; its `main` calls `earshot.confined.worker.serve`.
        timeout_s: a file that takes longer is given up.
    """

    def __init__(self, module: str, timeout_s: float) -> None:
        self._module = module
        self._timeout_s = timeout_s
        self._child: _Child | None = self._start()

    def ask(self, file: int, wanted: Mapping[str, object], *, max_bytes: int) -> Answered:
        """The answer about the file with descriptor `file`, of at most `max_bytes`.

        Only a process that has seen no other file may blame this one for its end.

        Raises:
            AudioRejected: the child says why; `too_much_memory`.
            DecoderCrashed: the child died or hung on this file; it has been replaced.
            DecoderUnavailable: no child can be started, whatever the file is.
        """
        while True:
            child = self._child = self._child or self._start()
            self._wait_until_ready(child)
            used, child.used = child.used, True
            try:
                return self._ask(child, file, wanted, max_bytes)
            except (AudioRejected, DecoderCrashed) as error:
                if not used or error.reason not in _PERHAPS_OF_EARLIER_FILES:
                    raise
            self.close()

    @property
    def pid(self) -> int | None:
        """The child process; None when it died and the next file has yet to start another."""
        return self._child.process.pid if self._child else None

    def close(self) -> None:
        """End the child process."""
        if self._child:
            self._end(self._child)

    def _start(self) -> _Child:
        ours, theirs = socket.socketpair()
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        # One thread. More would reserve stacks, and its memory is limited: every file would be too much.
        environment |= dict.fromkeys(_THREADS, "1")
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", self._module],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # decoders print what they think of a file
                env=environment,
            )
        return _Child(process, ours)

    def _wait_until_ready(self, child: _Child) -> None:
        if child.ready:
            return
        try:
            said = receive_reply(child.channel, max_content_bytes=0, deadline=time.monotonic() + _START_S)
        except (ChannelClosed, OSError) as error:
            code = self._end(child)
            raise DecoderUnavailable(f"{self._module} ended with {code} before its first file ({error})") from None
        child.ready = True
        if unfiltered := json.loads(said.note)["unfiltered"]:
            logger().warning("hostile audio is confined by limits alone", worker=self._module, error=unfiltered)

    def _ask(self, child: _Child, file: int, wanted: Mapping[str, object], max_bytes: int) -> Answered:
        text = json.dumps(wanted).encode()
        deadline = time.monotonic() + self._timeout_s + _GRACE_S
        try:
            child.channel.settimeout(self._timeout_s + _GRACE_S)
            socket.send_fds(child.channel, [REQUEST.pack(len(text), self._timeout_s)], [file])
            child.channel.sendall(text)
            reply = receive_reply(child.channel, max_content_bytes=max_bytes, deadline=deadline)
            note = json.loads(reply.note)
            if "reason" not in note:
                return Answered(note, reply.content)
            rejection = AudioRejected(str(note["message"]), reason=Reason(note["reason"]))
        except (ChannelClosed, OSError, ValueError, KeyError):  # it died, is deaf to its own alarm, or talks nonsense
            raise self._crashed(child) from None
        raise rejection

    def _crashed(self, child: _Child) -> DecoderCrashed:
        code = self._end(child)
        if code == -signal.SIGALRM:
            return DecoderCrashed(f"decoding took longer than {self._timeout_s:g} s", reason=Reason.DECODER_TIMEOUT)
        return DecoderCrashed(f"the decoder ended with {code} on this file", reason=Reason.DECODER_CRASHED)

    def _end(self, child: _Child) -> int:
        """Close the channel, which ends a healthy child, and kill one that stays. Returns its exit code."""
        self._child = None
        child.channel.close()
        try:
            return child.process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
            return -signal.SIGALRM
