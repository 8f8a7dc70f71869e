"""The one list of steps, as every runner reads it. It needs nothing but Python: runners have their own environments."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LIST = Path(__file__).with_name("steps.json")
FINAL = 65
"""Exit status of a step that would fail the same way again: the data is not such that it can be finished."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command, and how it is to be run. Every one may be repeated at any time, whatever became of it before."""

    name: str
    does: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    again: str
    """Why running it twice is harmless."""
    command: Sequence[str]
    """Words with places for `python`, `run`, `playlist` and `recipe`."""
    needs: Sequence[str]
    """Steps that must have been done before."""
    retries: int
    pause_s: int
    """Between two tries."""
    timeout_s: int
    """Of one try. As long as that it may wait for work that goes on elsewhere."""
    function: str | None
    """The function of serverless.yml that does it on AWS, where `pipeline_step` finds that it is to be done; None:
    others do it anyway, or `pipeline_step` itself."""
    waits: bool
    """Whether others are at it, so that it is looked at again and again until it is done."""
    spark: bool
    """Whether a job on EMR Serverless may do the work."""

    def argv(self, *, python: str, run: str, playlist: str, recipe: str) -> list[str]:
        """The command of one run.

        Args:
            python: the interpreter of Earshot's own environment.
            run: when the run began and what it is called: ``2026-11-27T13:17:28Z/nightly``. The same for each try.
            playlist: a folder, or a playlist's id, URI or URL.
            recipe: whose index is to serve; empty: the one that serves.
        """
        inputs = {"python": python, "run": run, "playlist": playlist, "recipe": recipe}
        return [word.format(**inputs) for word in self.command]


def steps() -> list[Step]:
    """All of them, each after those that it needs."""
    return [Step(**step) for step in json.loads(LIST.read_text(encoding="utf-8"))]
