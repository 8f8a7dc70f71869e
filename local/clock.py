"""From the clock to a function, as EventBridge does it: at its rate, and first when that time has passed."""

import threading

from local.board import Board
from local.functions import THROTTLED, Invocable
from local.timings import AT_ONCE, Timings
from local.triggers import ScheduleTrigger

_THROTTLED_PAUSE_S = 1.0


class Clock:
    """One schedule of a function.

    Args:
        trigger: what serverless.yml says.
        function: takes the events.
        board: hears of every invocation.
        name: the function's, for the board.
        timings: how fast time passes.
    """

    def __init__(
        self, trigger: ScheduleTrigger, function: Invocable, board: Board, name: str, *, timings: Timings = AT_ONCE
    ) -> None:
        self._trigger = trigger
        self._function = function
        self._board = board
        self._name = name
        self._every_s = trigger.every_s / timings.scale

    def run(self, stop: threading.Event) -> None:
        """Wake the function until `stop` is set."""
        while not stop.wait(self._every_s):
            while (outcome := self._function.invoke(self._trigger.event)).error_type == THROTTLED:
                if stop.wait(_THROTTLED_PAUSE_S):
                    return
            self._board.invoked(self._name, 1, int(outcome.failed), outcome)
