"""Where the local stack of a state directory can be reached, for whoever looks for it.

The stack holds a lock on the file while it runs (`ops.lock`), which dies with it, however that ends.
"""

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path

LOCK_NAME = "stack.lock"


@dataclass(frozen=True, slots=True)
class RunningStack:
    """Where a stack can be reached."""

    pid: int
    api_url: str
    aws_url: str


def running(directory: Path) -> RunningStack | None:
    """The stack that runs on `directory`, if one does."""
    try:
        descriptor = os.open(directory / LOCK_NAME, os.O_RDONLY)
    except (FileNotFoundError, PermissionError):
        return None
    try:
        if is_free(descriptor, fcntl.LOCK_SH):
            return None
        text = os.pread(descriptor, 4096, 0)
    finally:
        os.close(descriptor)
    try:
        return RunningStack(**json.loads(text))
    except (ValueError, TypeError):
        return None  # taken this instant, not yet written


def is_free(descriptor: int, kind: int) -> bool:
    """Whether the file could be locked; then it is."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
