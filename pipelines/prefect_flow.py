"""The steps as a flow of Prefect 3: `python pipelines/prefect_flow.py PLAYLIST`, or `serve` and `deploy` as any flow.

The tasks are commands in Earshot's own environment (EARSHOT_PYTHON; .venv of this checkout), so Prefect's needs nothing
of Earshot but this folder.
"""

import os
import subprocess
import sys
from pathlib import Path

from prefect import flow, task
from prefect.futures import PrefectFuture, wait
from prefect.runtime import flow_run

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # Prefect loads a flow by its path

from pipelines.steps import steps  # noqa: E402

_PYTHON = os.environ.get("EARSHOT_PYTHON", str(ROOT / ".venv" / "bin" / "python"))


@task
def run_step(argv: list[str], timeout_s: int) -> None:
    """A command; whatever it ends with but 0 is a failure, and so is taking too long."""
    subprocess.run(argv, cwd=ROOT, check=True, timeout=timeout_s)


@flow(name="earshot", log_prints=True)
def earshot(playlist: str, recipe: str = "") -> None:
    """From a playlist (a folder, or a playlist's id, URI or URL) to a version of the recipe's index that serves."""
    run = f"{flow_run.scheduled_start_time:%Y-%m-%dT%H:%M:%SZ}/{flow_run.id}"  # the same when the flow is tried again
    done: dict[str, PrefectFuture[None]] = {}
    for step in steps():
        argv = step.argv(python=_PYTHON, run=run, playlist=playlist, recipe=recipe)
        tried = run_step.with_options(name=step.name, retries=step.retries, retry_delay_seconds=step.pause_s)
        done[step.name] = tried.submit(argv, step.timeout_s, wait_for=[done[name] for name in step.needs])
    wait(list(done.values()))
    for future in done.values():
        future.result()


if __name__ == "__main__":
    earshot(*sys.argv[1:3])
