import threading

from local.board import Board
from local.channel import Event
from local.clock import Clock
from local.functions import Outcome
from local.triggers import ScheduleTrigger


class _Function:
    """Counts how often it was woken."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.enough = threading.Event()

    def invoke(self, event: Event) -> Outcome:
        self.events.append(event)
        if len(self.events) == 3:
            self.enough.set()
        return Outcome()


def test_the_clock_wakes_a_function_again_and_again_until_it_is_told_to_stop() -> None:
    function, stop = _Function(), threading.Event()
    clock = Clock(ScheduleTrigger(0.01, {"what": "crawls"}), function, Board(lambda _: None), "reconcile")
    thread = threading.Thread(target=clock.run, args=(stop,))
    thread.start()
    assert function.enough.wait(10)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert function.events[:3] == [{"what": "crawls"}] * 3
