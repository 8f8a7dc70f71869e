"""The steps as a DAG of Apache Airflow 3: put this file's folder where its DAGs are, or name it in `dags_folder`.

The tasks are commands in Earshot's own environment (EARSHOT_PYTHON; .venv of this checkout), so Airflow needs nothing
of Earshot but this folder. What a run is given reaches the shell as variables, never as words of a command.
"""

import os
import sys
from datetime import timedelta
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Param

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # Airflow loads this file by its path

from pipelines.steps import Step, steps  # noqa: E402

_GIVEN = {
    "PYTHON": os.environ.get("EARSHOT_PYTHON", str(ROOT / ".venv" / "bin" / "python")),
    "RUN": "{{ dag_run.start_date.isoformat() }}/{{ run_id }}",
    "PLAYLIST": "{{ params.playlist }}",
    "RECIPE": "{{ params.recipe }}",
}


def _task(step: Step) -> BashOperator:
    words = step.argv(python='"$PYTHON"', run='"$RUN"', playlist='"$PLAYLIST"', recipe='"$RECIPE"')
    return BashOperator(
        task_id=step.name,
        bash_command=f"exec {' '.join(words)}",
        env=_GIVEN,
        append_env=True,
        cwd=str(ROOT),
        retries=step.retries,
        retry_delay=timedelta(seconds=step.pause_s),
        execution_timeout=timedelta(seconds=step.timeout_s),
        doc_md=f"{step.does}. Again: {step.again}.",
    )


with DAG(
    "earshot",
    schedule=None,  # or a cron expression, with a default for the playlist
    catchup=False,
    max_active_runs=1,
    params={"playlist": Param("", type="string"), "recipe": Param("", type="string")},
):
    tasks = {step.name: _task(step) for step in steps()}
    for step in steps():
        tasks[step.name].set_upstream([tasks[name] for name in step.needs])
