"""A confined process that tries what it is told to, as hostile audio would that has taken over its decoder."""

import ctypes
import os
import resource
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from earshot.confined.worker import Answer, Wanted, serve

KEPT = Path(tempfile.gettempdir()) / "earshot-confined-must-not-remove-this"
MADE = Path(tempfile.gettempdir()) / "earshot-confined-was-here"


def _endlessly() -> None:
    while True:
        pass


def _break() -> None:
    raise ZeroDivisionError


TRICKS: dict[str, Callable[[], object]] = {
    "read a file": lambda: Path(__file__).read_bytes(),
    "read the environment of who asks": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
    "write a file": lambda: MADE.write_bytes(b"x"),
    "make a folder": MADE.mkdir,
    "remove a file": KEPT.unlink,
    "open a socket": lambda: socket.socket().close(),
    "open a local socket": lambda: socket.socket(socket.AF_UNIX).close(),
    "open a pipe": os.pipe,
    "start a process": os.fork,
    "become another program": lambda: os.execv(sys.executable, [sys.executable, "-c", ""]),  # noqa: S606
    "signal who asks": lambda: os.kill(os.getppid(), 0),
    "raise its limits": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1)),
}
ENDS: dict[str, Callable[[], object]] = {
    "crash": lambda: ctypes.string_at(0),
    "hang": _endlessly,
    "leave": lambda: os._exit(0),
    "break": _break,
    "grow": lambda: bytearray(400 * 2**20),
    "nothing": lambda: None,
}


def main() -> None:
    """Answer what is tried with the number of the error that it gets, 0 where it succeeds."""
    serve(_try)


def _try(file: int, wanted: Wanted) -> Answer:
    number = 0
    try:
        {**TRICKS, **ENDS}[wanted["try"]]()
    except OSError as error:
        number = error.errno or -1
    return {"errno": number, "environment": dict(os.environ)}, os.pread(file, 100, 0) * wanted.get("times", 1)


if __name__ == "__main__":
    main()
