"""From the clock to a function, as EventBridge does it: at its rate, and first when that time has passed."""

import threading

from local.board import Board
from local.functions import Invocable
from local.triggers import ScheduleTrigger


class Clock:
    """One schedule of a function.

    Args:
        trigger: what serverless.yml says.
        function: takes the events.
        board: hears of every invocation.
        name: the function's, for the board.
    """

    def __init__(self, trigger: ScheduleTrigger, function: Invocable, board: Board, name: str) -> None:
        self._trigger = trigger
        self._function = function
        self._board = board
        self._name = name

    def run(self, stop: threading.Event) -> None:
        """Wake the function until `stop` is set."""
        while not stop.wait(self._trigger.every_s):
            outcome = self._function.invoke(self._trigger.event)
            self._board.invoked(self._name, 1, int(outcome.failed), outcome)
