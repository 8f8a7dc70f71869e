"""What a command and all that it starts take: CPU seconds to the last, and memory while it runs."""

import ctypes
import os
import resource
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

_SET_CHILD_SUBREAPER = 36
_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Taken:
    """`cpu_s`: of all processes; `worker_mib`: the most that a Python worker with its decoder had for itself."""

    cpu_s: float
    worker_mib: float


def taken_by(commands: Sequence[Sequence[str]]) -> Taken:
    """Run the commands at the same time, until nothing is left of them.

    Raises:
        subprocess.CalledProcessError: one fails.
    """
    # A Java that outlives its Python, and decoders that outlive their workers, come to this process to be counted.
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = _spent()
    peaks: list[float] = []
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(over, peaks))
    watcher.start()
    processes = [subprocess.Popen(command) for command in commands]
    codes = [process.wait() for process in processes]
    over.set()
    watcher.join()
    _reap()
    for code, command in zip(codes, commands, strict=True):
        if code:
            raise subprocess.CalledProcessError(code, list(command))
    return Taken(_spent() - before, max(peaks, default=0.0))


def _reap() -> None:
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watch(over: threading.Event, peaks: list[float]) -> None:
    while not over.wait(_EVERY_S):
        peaks += [_mib(process) for process in psutil.Process().children(recursive=True) if _is_worker(process)]


def _is_worker(process: psutil.Process) -> bool:
    """Whether it is a child of Spark's daemon of Python, which itself does no work."""
    try:
        parent = process.parent()
        return parent is not None and "pyspark.daemon" in parent.cmdline() and "pyspark.daemon" in process.cmdline()
    except psutil.Error:
        return False


def _mib(worker: psutil.Process) -> float:
    total = 0
    try:
        for process in (worker, *worker.children()):
            memory = process.memory_info()
            total += memory.rss - memory.shared
    except psutil.Error:
        return 0.0
    return total / 2**20
