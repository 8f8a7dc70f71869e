"""The whole pipeline on one machine: one step after the other, with what is done noted, so that a run can go on.

Inputs are the stage, the playlist and the recipe. A run that was cut short is taken up with the steps that it lacks;
when the last one ended, the next begins anew, and says whether anything is another than then.
"""

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from earshot.clock import now_iso, seconds_until
from earshot.errors import LocalStackError
from pipelines.steps import FINAL, Step

_TAKEN_UP_WITHIN_S = 24 * 3600
"""What was crawled longer ago says little of what the playlist holds today."""

Say = Callable[[str], None]


class _Notes(TypedDict):
    """What is noted of the runs of the same inputs: by step what the run said, and what the one before it did."""

    run: str
    began: str
    said: dict[str, str]
    before: dict[str, str]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What a run is for, and the folder for notes."""

    folder: Path
    stage: str
    playlist: str
    recipe: str

    @property
    def name(self) -> str:
        """The same for the same inputs."""
        return hashlib.sha256(json.dumps([self.stage, self.playlist, self.recipe]).encode()).hexdigest()[:16]

    @property
    def notes(self) -> Path:
        """Where they are."""
        return self.folder / f"{self.name}.json"


def run(pipeline: Pipeline, steps: Sequence[Step], say: Say) -> int:
    """Do what is to be done of the latest run, or begin one; the exit status of the step that failed, or 0.

    Raises:
        LocalStackError: another process runs the same.
    """
    with _alone(pipeline):
        notes = _taken_up(pipeline, steps)
        for number, step in enumerate(steps, 1):
            title = f"[{number}/{len(steps)}] {step.name}"
            if step.name in notes["said"]:
                say(f"{title}: done already: {notes['said'][step.name]}")
                continue
            say(f"{title}: {step.does}")
            argv = step.argv(
                python=sys.executable, run=notes["run"], playlist=pipeline.playlist, recipe=pipeline.recipe
            )
            code, said = _tried(step, argv, say)
            if code:
                say(f"{title} failed ({code}). What is done stays done: the same command goes on here.")
                return code
            notes["said"][step.name] = said
            _write(pipeline.notes, notes)
        if notes["said"] == notes["before"]:
            say("Nothing has changed since the run before this one.")
        return 0


def _taken_up(pipeline: Pipeline, steps: Sequence[Step]) -> _Notes:
    """The notes of the run that is to go on; it may be a new one."""
    known = _read(pipeline.notes)
    is_whole = known is not None and len(known["said"]) == len(steps)
    if known and not is_whole and seconds_until(known["began"]) > -_TAKEN_UP_WITHIN_S:
        return known
    began = now_iso()
    before = (known["said"] if is_whole else known["before"]) if known else {}
    notes = _Notes(run=f"{began}/{pipeline.name}", began=began, said={}, before=before)
    _write(pipeline.notes, notes)
    return notes


def _tried(step: Step, argv: Sequence[str], say: Say) -> tuple[int, str]:
    """Exit status of the last try, and its last line."""
    for left in range(step.retries, -1, -1):
        code, said = _watched(argv, step.timeout_s, say)
        if code in (0, FINAL) or not left:
            break
        say(f"  ended with {code}; again in {step.pause_s} s ({left} more)")
        time.sleep(step.pause_s)
    return code, said


def _watched(argv: Sequence[str], timeout_s: float, say: Say) -> tuple[int, str]:
    """Run a command that is killed after `timeout_s`, saying what it says."""
    last = ""
    root = Path(__file__).parents[1]
    with subprocess.Popen(argv, cwd=root, stdout=subprocess.PIPE, text=True, errors="replace") as process:
        over = threading.Timer(timeout_s, process.kill)
        over.start()
        try:
            for line in process.stdout or ():
                last = line.rstrip("\n")
                say(f"  {last}")
            return process.wait(), last
        except KeyboardInterrupt:  # the terminal has told the step, too
            process.wait()
            raise
        finally:
            over.cancel()


@contextmanager
def _alone(pipeline: Pipeline) -> Iterator[None]:
    """While this lasts nobody else runs the same; whoever dies lets go of it."""
    pipeline.folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(pipeline.folder / f"{pipeline.name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise LocalStackError(
            f"the pipeline of {pipeline.playlist} runs already", hint="Wait for its end, or stop it."
        ) from None
    finally:
        os.close(descriptor)


def _read(path: Path) -> _Notes | None:
    if not path.exists():
        return None
    notes: _Notes = json.loads(path.read_text(encoding="utf-8"))
    return notes


def _write(path: Path, notes: _Notes) -> None:
    """All at once, or not at all."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(notes, indent=1), encoding="utf-8")
    unfinished.replace(path)
