"""Which stack runs on this state directory. The lock dies with its holder, however that ends."""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from earshot.errors import LocalStackError
from earshot.running_stack import LOCK_NAME, RunningStack, is_free, running

_EXIT_S = 3.0


@contextmanager
def hold(directory: Path, stack: RunningStack) -> Iterator[None]:
    """Be the one stack of `directory`.

    Raises:
        LocalStackError: another one runs; says where.
    """
    directory.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(directory / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not is_free(descriptor, fcntl.LOCK_EX):
            other = running(directory)
            where = f"at {other.api_url} (process {other.pid})" if other else "and is just starting"
            raise LocalStackError(
                f"a stack runs already on {directory}, {where}",
                hint="Use it, or stop it with `make down`. For a second one set EARSHOT_LOCAL_DIR, PORT and "
                "EARSHOT_LOCAL_AWS_PORT.",
            )
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(asdict(stack)).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def terminate(directory: Path, stack: RunningStack, timeout_s: float) -> None:
    """SIGTERM for the stack, then wait until it has let go of `directory` and is gone.

    Raises:
        LocalStackError: it has not within `timeout_s`.
    """
    os.kill(stack.pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout_s
    while running(directory) == stack:
        if time.monotonic() > deadline:
            raise LocalStackError(
                f"the stack (process {stack.pid}) has not stopped within {timeout_s:.0f} s",
                hint=f"Look into {directory / 'logs'}; `kill -9 {stack.pid}` ends it, and the next start repairs.",
            )
        time.sleep(0.1)
    gone_by = time.monotonic() + _EXIT_S
    while _is_there(stack.pid) and time.monotonic() < gone_by:
        time.sleep(0.02)


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
