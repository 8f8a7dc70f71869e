"""Whichever change a process of `listening` dies after, no play is lost, doubled, or left of who is to be forgotten."""

from pathlib import Path

import pytest

from tests.integration.listening.mortal import STEPS, fresh_world, story


class _Once:
    """The first process of a step dies after its change number `at`."""

    def __init__(self, step: int, at: int) -> None:
        self.processes = 0
        self._step, self._at = step, at

    def __call__(self, number: int) -> int | None:
        self.processes += number == self._step
        return self._at if number == self._step and self.processes == 1 else None


@pytest.mark.parametrize("step", range(STEPS))
def test_a_process_dies_once_in_each_of_its_windows(tmp_path: Path, step: int) -> None:
    for at in range(100):
        dies = _Once(step, at)
        with fresh_world(tmp_path) as world:
            story(world, dies)
        if dies.processes == 1:
            assert at, "it changes something, and had lived to its end"
            return
    pytest.fail("no process makes so many changes")
