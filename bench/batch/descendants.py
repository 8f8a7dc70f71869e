"""What a command and all that it starts take: CPU seconds and memory.

CPU is counted twice, and the greater count is the figure, since both can only miss some. What the system adds up of
ended processes misses those whose parent ignores their end, as Spark's daemon of Python does with its workers; what is
seen of each process while it runs misses its last tenth of a second.
"""

import contextlib
import ctypes
import os
import resource
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

_SET_CHILD_SUBREAPER = 36
_EVERY_S = 0.1


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
    seen: dict[psutil.Process, float] = {}
    peaks: list[float] = []
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(over, seen, peaks))
    watcher.start()
    processes = [subprocess.Popen(command) for command in commands]
    codes = [process.wait() for process in processes]
    over.set()
    watcher.join()
    _reap()
    for code, command in zip(codes, commands, strict=True):
        if code:
            raise subprocess.CalledProcessError(code, list(command))
    return Taken(max(_spent() - before, sum(seen.values())), max(peaks, default=0.0))


def _reap() -> None:
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watch(over: threading.Event, seen: dict[psutil.Process, float], peaks: list[float]) -> None:
    while not over.wait(_EVERY_S):
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):  # it has ended meanwhile
                times = process.cpu_times()
                seen[process] = times.user + times.system
                if _is_worker(process):
                    peaks.append(_mib(process))


def _is_worker(process: psutil.Process) -> bool:
    """Whether it is a child of Spark's daemon of Python, which itself does no work."""
    parent = process.parent()
    return parent is not None and "pyspark.daemon" in parent.cmdline() and "pyspark.daemon" in process.cmdline()


def _mib(worker: psutil.Process) -> float:
    memories = [process.memory_info() for process in (worker, *worker.children())]
    return sum(memory.rss - memory.shared for memory in memories) / 2**20
