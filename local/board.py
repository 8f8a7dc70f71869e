"""What the functions did, kept for the terminal's calm summary."""

import threading
import time
from collections import Counter

from local.functions import STOPPED, Outcome
from ops.terminal import Say

_REPEAT_S = 30.0


class Board:
    """Counts invocations, records and failures; says an error once, not a thousand times.

    Args:
        say: prints a line.
    """

    def __init__(self, say: Say) -> None:
        self.say = say
        self._lock = threading.Lock()
        self._records: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._invocations: Counter[str] = Counter()
        self._seconds: dict[str, float] = {}
        self._said: dict[tuple[str, str], float] = {}
        self._summarised: tuple[tuple[str, int], ...] = ()

    def invoked(self, name: str, records: int, failed: int, outcome: Outcome) -> None:
        """One invocation of function `name` is over."""
        if outcome.error_type == STOPPED:
            return
        with self._lock:
            self._invocations[name] += 1
            self._records[name] += records - failed
            self._failed[name] += failed
            self._seconds[name] = self._seconds.get(name, 0.0) + outcome.seconds
        if outcome.failed:
            self.trouble(name, f"{outcome.error_type}: {outcome.error}")

    def trouble(self, name: str, text: str) -> None:
        """Say what went wrong, unless the same was said within half a minute."""
        now = time.monotonic()
        with self._lock:
            known = self._said.get((name, text), -_REPEAT_S)
            if now - known < _REPEAT_S:
                return
            self._said[name, text] = now
        self.say(f"! {name}: {text}  (see {name}.log)")

    def work(self) -> list[tuple[str, int, int, float]]:
        """Per function: invocations, records dealt with, seconds of work."""
        with self._lock:
            return [
                (name, count, self._records[name], self._seconds[name]) for name, count in self._invocations.items()
            ]

    def summary(self) -> str | None:
        """One line on what has been done so far; None when nothing has happened since the last."""
        with self._lock:
            now = tuple(sorted((self._records + self._failed).items()))
            if now == self._summarised:
                return None
            self._summarised = now
            return " · ".join(
                f"{name} {self._records[name]}" + (f" ({self._failed[name]} failed)" if self._failed[name] else "")
                for name, _ in now
            )
