"""Every runner carries the list out on a real stack, one of its steps being killed, to a version that serves."""

import io
import json
import subprocess
import sys
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from earshot.colistening.store import ColisteningStore
from pipelines import state_machine
from tests.e2e.conftest import ROOT, LocalStack, until
from tests.pipelines.conftest import RECIPES, assert_promoted_once, killing, play, run_tool, serving

_PATIENT = {"EARSHOT_PYTHON": sys.executable}


def _is_noted(stack: LocalStack, folder: Path) -> bool:
    return any(crawl.playlist == str(folder) for crawl in stack.deployment.crawls.list())


def _colistening(stack: LocalStack) -> str:
    deployment = stack.deployment
    head = ColisteningStore(deployment.s3, deployment.parameters["index-bucket"]).head()
    return head.pointer.version if head else ""


def _loop(stack: LocalStack, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipelines", "run", f"--playlist={folder}", *words]
    return run_tool(command, stack.env)


@pytest.mark.timeout(600)
def test_on_one_machine_a_run_that_was_killed_goes_on_and_the_next_one_changes_nothing(
    stack: LocalStack, music: dict[str, Path]
) -> None:
    folder = music["loop"]
    with subprocess.Popen(
        [sys.executable, "-m", "pipelines", "run", f"--playlist={folder}"],
        cwd=ROOT,
        env=stack.env,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        for line in process.stdout:
            if line.startswith("[2/7]"):
                process.kill()
    play_when_ready(stack, folder)
    run = _loop(stack, folder)
    assert run.returncode == 0, run.stdout
    assert "[1/7] crawl: done already" in run.stdout
    assert_promoted_once(stack, folder, RECIPES[0])
    version, learned = serving(stack).version, _colistening(stack)
    assert learned
    again = _loop(stack, folder)
    assert again.returncode == 0, again.stdout
    assert "Nothing has changed since the run before this one." in again.stdout, again.stdout
    assert (serving(stack).version, _colistening(stack)) == (version, learned)


def play_when_ready(stack: LocalStack, folder: Path) -> None:
    """Wait for what was killed to have been done by the functions, and play it."""
    files = len(list(folder.iterdir()))
    until(lambda: (stack.api.get("/health").body.get("index") or {}).get("tracks") == files, 120, "all tracks")
    play(stack)


@pytest.mark.timeout(600)
def test_step_functions_promote_another_recipe_though_a_step_dies_with_its_answer(
    stack: LocalStack, music: dict[str, Path], tmp_path: Path
) -> None:
    folder, sfn = music["states"], stack.deployment.session.client("stepfunctions")  # type: ignore[call-overload]
    machine = _machine(stack, tmp_path)
    for attempt, died in (("first", 1), ("second", 0)):
        started = sfn.start_execution(
            stateMachineArn=machine,
            name=attempt,
            input=json.dumps({"playlist": str(folder), "recipe": RECIPES[1]}),
        )["executionArn"]
        execution = until(partial(_ended, sfn, started), 240, "the execution to end")
        history = _history(sfn, started)
        assert execution["status"] == "SUCCEEDED", json.dumps(history[-4:], default=str)
        failed = [event for event in history if event["type"] == "TaskFailed"]
        assert len(failed) == died, failed
        said = json.loads(execution["output"])
        assert said["promote"]["said"].startswith(f"{RECIPES[1]} serves: version {serving(stack).version}")
        assert "recall@10 1.000" in said["evaluate"]["said"]
        if attempt == "first":
            assert_promoted_once(stack, folder, RECIPES[1])
            version = serving(stack).version
    assert serving(stack).version == version


def _machine(stack: LocalStack, tmp_path: Path) -> str:
    """The state machine that Terraform deploys, with the real functions behind it.

    Of `pipeline_step` the first one to be asked whether all is embedded dies when it has worked, before it answers.
    """
    parameters, account = stack.deployment.parameters, "arn:aws:iam::000000000000:role/any"
    functions: Any = stack.deployment.session.client("lambda")
    environment = {
        "EARSHOT_STAGE": "local",
        "EARSHOT_RECIPES": stack.env["EARSHOT_RECIPES"],
        "EARSHOT_TRACKS_TABLE": parameters["tracks-table"],
        "EARSHOT_CRAWLS_TABLE": parameters["crawls-table"],
        "EARSHOT_LISTENERS_TABLE": parameters["listeners-table"],
        "EARSHOT_CRAWL_QUEUE_URL": parameters["crawl-queue-url"],
        "EARSHOT_CHANGES_QUEUE_URL": parameters["changes-queue-url"],
        "EARSHOT_COMPACT_QUEUE_URL": parameters["compact-queue-url"],
        "EARSHOT_INDEX_FAILED_QUEUE_URL": parameters["index-failed-queue-url"],
        "EARSHOT_INDEX_BUCKET": parameters["index-bucket"],
        "EARSHOT_PLAYS_BUCKET": parameters["plays-bucket"],
        "EARSHOT_INDEX_TOPIC_ARN": parameters["index-topic-arn"],
        "EARSHOT_INDEX_WORK_DIR": str(tmp_path / "index"),
        "EARSHOT_PLAYS_WORK_DIR": str(tmp_path / "plays"),
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{stack.aws_port}",
    }
    arns = {}
    for name, module in (("pipeline_step", "pipelines.handler"), ("learn_listening", "listening.handler")):
        arns[name] = functions.create_function(
            FunctionName=f"earshot-local-{name}",
            Runtime="python3.13",
            Role=account,
            Handler=f"door.{name}",
            Timeout=120,
            Code={"ZipFile": _zip(_DOOR.format(root=ROOT, module=module, name=name, killed=tmp_path / "killed"))},
            Environment={"Variables": environment},
        )["FunctionArn"]
    sfn: Any = stack.deployment.session.client("stepfunctions")  # type: ignore[call-overload]
    definition = state_machine.text()
    for place, value in {**arns, "partition": "aws"}.items():
        definition = definition.replace(f"${{{place}}}", value)
    checked = sfn.validate_state_machine_definition(definition=definition)
    assert checked["result"] == "OK", checked
    made = sfn.create_state_machine(name="earshot-local-pipeline", definition=definition, roleArn=account)
    return str(made["stateMachineArn"])


_DOOR = """
import os, signal, sys
sys.path.insert(0, {root!r})
from pathlib import Path
import {module} as module

def {name}(event, context):
    answer = module.{name}(event, context)
    if event.get("step") == "embed" and not Path({killed!r}).exists():
        Path({killed!r}).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return answer
""".replace("{root!r}", "'{root}'").replace("{killed!r}", "'{killed}'")


def _zip(code: str) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("door.py", code)
    return body.getvalue()


def _ended(sfn: Any, arn: str) -> dict[str, Any] | None:
    execution: dict[str, Any] = sfn.describe_execution(executionArn=arn)
    return None if execution["status"] == "RUNNING" else execution


def _history(sfn: Any, arn: str) -> list[dict[str, Any]]:
    pages = sfn.get_paginator("get_execution_history").paginate(executionArn=arn)
    return [event for page in pages for event in page["events"]]


@pytest.mark.timeout(600)
def test_airflow_tries_a_step_again_that_was_killed(stack: LocalStack, music: dict[str, Path], tmp_path: Path) -> None:
    folder, bin_ = music["airflow"], ROOT / ".cache" / "airflow" / "bin"
    env = stack.env | _PATIENT
    env |= {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "pipelines"),
    }
    migrated = run_tool([str(bin_ / "airflow"), "db", "migrate"], env)
    assert migrated.returncode == 0, migrated.stdout
    conf = json.dumps({"playlist": str(folder), "recipe": RECIPES[0]})
    with killing("crawl", folder, lambda: _is_noted(stack, folder)) as killed:
        run = run_tool([str(bin_ / "airflow"), "dags", "test", "earshot", "--conf", conf], env)
    assert run.returncode == 0, run.stdout
    assert "state=success" in run.stdout, run.stdout
    assert len(killed) == 1
    assert run.stdout.count("non-zero exit code -9") == 1, run.stdout
    assert_promoted_once(stack, folder, RECIPES[0])


@pytest.mark.timeout(600)
def test_prefect_tries_a_step_again_that_was_killed(stack: LocalStack, music: dict[str, Path], tmp_path: Path) -> None:
    folder = music["prefect"]
    env = stack.env | _PATIENT
    env |= {
        "PREFECT_HOME": str(tmp_path),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    }
    python, flow = ROOT / ".cache" / "prefect" / "bin" / "python", ROOT / "pipelines" / "prefect_flow.py"
    with killing("crawl", folder, lambda: _is_noted(stack, folder)) as killed:
        run = run_tool([str(python), str(flow), str(folder), RECIPES[0]], env)
    assert run.returncode == 0, run.stdout
    assert len(killed) == 1
    assert run.stdout.count("CalledProcessError(-9") == 1, run.stdout
    assert_promoted_once(stack, folder, RECIPES[0])
