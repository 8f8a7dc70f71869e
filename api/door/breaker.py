"""Stops asking a process that does not answer, until it does again."""

FAILURES = 3


class Breaker:
    """Opens after `FAILURES` failures in a row; one success closes it.

    While it is open no request is spent on the process; whoever looks after it asks it on the side, and reports what
    came of that.
    """

    def __init__(self) -> None:
        self._in_a_row = 0

    @property
    def is_open(self) -> bool:
        """Whether nobody should ask."""
        return self._in_a_row >= FAILURES

    def failed(self) -> None:
        """There was no answer."""
        self._in_a_row += 1

    def succeeded(self) -> None:
        """There was one."""
        self._in_a_row = 0
