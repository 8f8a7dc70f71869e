"""A child process of the stack: its own process group, its own log file, a private line, and no way to outlive us."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import BinaryIO

from config.local import ROOT
from local.channel import Reply, Request

_LOG_LIMIT_BYTES = 20 * 1024 * 1024


class ChildDied(Exception):
    """The process ended while an answer was awaited. `args[0]` says how."""


class ChildTimedOut(Exception):
    """No answer within the time allowed; the process has been killed."""


class Child:
    """``python -m <module> <arguments> <descriptors of sockets> <that of the line>``, running from the checkout's root.

    Args:
        module: what to run.
        arguments: its arguments, before the file descriptor.
        env: its whole environment.
        log: where its output is appended.
        sockets: listening sockets it inherits; their descriptors come after `arguments`.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        *,
        env: Mapping[str, str],
        log: Path,
        sockets: Sequence[socket.socket] = (),
    ) -> None:
        self.log = log
        ours, theirs = socket.socketpair()
        with theirs, _open_log(log) as output:
            descriptors = [*(inherited.fileno() for inherited in sockets), theirs.fileno()]
            # A process group of its own: Ctrl-C does not reach it, and killing it takes along what it has started.
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments, *map(str, descriptors)],
                env=dict(env),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=descriptors,
                process_group=0,
            )
        self._line = Connection(ours.detach())
        self._turn = threading.Lock()
        self._reaping = threading.Lock()
        self._ready = False

    @property
    def pid(self) -> int:
        """Process id, which is its group's too."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether it still runs."""
        return not self._ended()

    def wait_ready(self, timeout_s: float) -> None:
        """Until the child has said that it is ready for requests.

        Raises:
            ChildDied, ChildTimedOut
        """
        with self._turn:
            if not self._ready:
                self._receive(time.monotonic() + timeout_s)
                self._ready = True

    def ask(self, request: Request, timeout_s: float) -> Reply:
        """Send `request`, return the answer. One at a time.

        Raises:
            ChildDied, ChildTimedOut
        """
        with self._turn:
            try:
                self._line.send_bytes(json.dumps(request).encode())
            except OSError:
                raise ChildDied(self._how_it_died()) from None
            return self._receive(time.monotonic() + timeout_s)

    def _receive(self, deadline: float) -> Reply:
        try:
            if not self._line.poll(max(0.0, deadline - time.monotonic())):
                self.kill()
                raise ChildTimedOut
            reply: Reply = json.loads(self._line.recv_bytes())
        except (EOFError, OSError):
            raise ChildDied(self._how_it_died()) from None
        return reply

    def _how_it_died(self) -> str:
        if not self._ended(5):
            self.kill()
            return "closed its line"
        code = self._process.returncode
        if code < 0:
            with contextlib.suppress(ValueError):
                return f"killed by {signal.Signals(-code).name}"
        return f"exit code {code}"

    def stop(self, timeout_s: float) -> bool:
        """SIGTERM, wait, then SIGKILL. Whether it went by itself."""
        if self.alive():
            self._process.terminate()
        if self._ended(timeout_s):
            return True
        self.kill()
        return False

    def kill(self) -> None:
        """SIGKILL for the child and what it has started; waits until the child is gone."""
        if self.alive():
            self._kill_group()
            self._ended(None)

    def _ended(self, timeout_s: float | None = 0) -> bool:
        """Whether the process is gone, waiting for that; what it leaves behind in its group goes with it."""
        with self._reaping:
            if self._process.returncode is not None:
                return True
            try:
                self._process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                return False
            self._kill_group()
            return True

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)


def _open_log(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LOG_LIMIT_BYTES:
        path.replace(path.with_suffix(".old.log"))
    return path.open("ab")
