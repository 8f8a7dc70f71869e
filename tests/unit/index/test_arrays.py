"""Arrays of an index are read by several threads at once."""

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from earshot.index.arrays import mapped

_THREADS = 6
_READS = 200


def test_threads_at_different_depths_read_headers_at_once(tmp_path: Path) -> None:
    """On Python 3.11 the parser of a header fails where another thread parses meanwhile (python/cpython#106905)."""
    np.save(tmp_path / "a.npy", np.arange(8, dtype=np.float16))
    read: list[float] = []

    def read_at(depth: int) -> None:
        if depth:
            read_at(depth - 1)
        else:
            read.extend(float(mapped(tmp_path / "a.npy", np.float16)[7]) for _ in range(_READS))

    threads = [threading.Thread(target=read_at, args=(3 * number,)) for number in range(_THREADS)]
    with _threads_that_take_turns_while_parsing():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert read == [7.0] * (_THREADS * _READS)


@contextmanager
def _threads_that_take_turns_while_parsing() -> Iterator[None]:
    def python_code(*_: object) -> None:
        sum(range(50))

    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(1)
    gc.callbacks.append(python_code)
    try:
        yield
    finally:
        gc.callbacks.remove(python_code)
        gc.set_threshold(*threshold)
        sys.setswitchinterval(interval)
