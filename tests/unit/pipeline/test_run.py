"""A plain loop over the list: what is done is not done again, and what dies is tried again."""

import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from earshot.clock import in_seconds, iso, now
from earshot.errors import LocalStackError
from pipelines.run import Pipeline, run
from pipelines.steps import FINAL, Step


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    return Pipeline(tmp_path / "notes", "local", "/music", "")


@pytest.fixture
def step(tmp_path: Path) -> Callable[..., Step]:
    """A step that notes that it was run, and does what a line of shell says."""

    def make(name: str, does: str = "", *, retries: int = 0, timeout_s: int = 20) -> Step:
        line = f"echo {name} >> {tmp_path / 'ran'}; {does or f'echo {name} is done'}"
        return Step(
            name=name,
            does="something",
            inputs=[],
            outputs=[],
            again="",
            command=["sh", "-c", line, "{run}"],
            needs=[],
            retries=retries,
            pause_s=0,
            timeout_s=timeout_s,
            function=None,
            waits=False,
            spark=False,
        )

    return make


def _ran(tmp_path: Path) -> list[str]:
    return (tmp_path / "ran").read_text().split()


def test_what_is_done_of_a_run_is_not_done_again_and_the_next_run_says_that_nothing_changed(
    pipeline: Pipeline, step: Callable[..., Step], tmp_path: Path
) -> None:
    said: list[str] = []
    failing = step("two", f"test -e {tmp_path / 'mended'} && echo two is done")
    assert run(pipeline, [step("one"), failing], said.append) == 1
    assert "the same command goes on here" in said[-1]
    (tmp_path / "mended").touch()
    assert run(pipeline, [step("one"), failing], said.append) == 0
    assert "[1/2] one: done already: one is done" in said
    assert _ran(tmp_path) == ["one", "two", "two"]
    assert run(pipeline, [step("one"), failing], said.append) == 0
    assert _ran(tmp_path) == ["one", "two", "two", "one", "two"]
    assert said[-1] == "Nothing has changed since the run before this one."


def test_a_step_that_is_killed_is_tried_again_with_the_same_run(
    pipeline: Pipeline, step: Callable[..., Step], tmp_path: Path
) -> None:
    once = tmp_path / "once"
    dying = step("one", f'echo "$0" >> {tmp_path / "runs"}; mkdir {once} && kill -9 $$ || true', retries=1)
    said: list[str] = []
    assert run(pipeline, [dying], said.append) == 0
    first, second = (tmp_path / "runs").read_text().split()
    assert first == second
    assert "  ended with -9; again in 0 s (1 more)" in said


def test_what_cannot_be_finished_is_tried_once(pipeline: Pipeline, step: Callable[..., Step], tmp_path: Path) -> None:
    assert run(pipeline, [step("one", f"exit {FINAL}", retries=5), step("two")], lambda _: None) == FINAL
    assert _ran(tmp_path) == ["one"]


def test_a_step_that_takes_too_long_is_killed(pipeline: Pipeline, step: Callable[..., Step]) -> None:
    assert run(pipeline, [step("one", "exec sleep 60", timeout_s=0)], lambda _: None) == -9


def test_a_run_of_yesterday_is_not_taken_up(pipeline: Pipeline, step: Callable[..., Step], tmp_path: Path) -> None:
    run(pipeline, [step("one"), step("two", "false")], lambda _: None)
    notes = json.loads(pipeline.notes.read_text())
    assert notes["said"] == {"one": "one is done"}
    before = iso(now()).replace(in_seconds(0)[:4], "2020")
    pipeline.notes.write_text(json.dumps({**notes, "began": before}))
    run(pipeline, [step("one"), step("two", "false")], lambda _: None)
    assert _ran(tmp_path) == ["one", "two"] * 2


def test_two_processes_do_not_run_the_same(pipeline: Pipeline, step: Callable[..., Step]) -> None:
    pipeline.folder.mkdir()
    descriptor = os.open(pipeline.folder / f"{pipeline.name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        with pytest.raises(LocalStackError, match="runs already"):
            run(pipeline, [step("one")], lambda _: None)
    finally:
        os.close(descriptor)
    assert run(pipeline, [step("one")], lambda _: None) == 0
