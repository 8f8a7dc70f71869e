"""What was found out a moment ago."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """Values for `seconds`, of the `size` keys that were written last.

    Args:
        seconds: a value older than this is forgotten.
        size: how many keys.
        now: a clock, in seconds.
    """

    def __init__(self, seconds: float, size: int, now: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._size = size
        self._now = now
        self._kept: OrderedDict[Hashable, tuple[float, Value]] = OrderedDict()

    def get(self, key: Hashable) -> Value | None:
        """The value, or None."""
        found = self._kept.get(key)
        if found is None or self._now() - found[0] > self._seconds:
            return None
        return found[1]

    def put(self, key: Hashable, value: Value) -> None:
        """Keep it."""
        self._kept.pop(key, None)
        self._kept[key] = (self._now(), value)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)
