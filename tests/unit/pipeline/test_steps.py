"""The one list, and that every runner carries out just that."""

import ast
import json
import re
import string
from typing import Any

import pytest
import yaml

from pipelines import state_machine
from pipelines.__main__ import main
from pipelines.run import Pipeline
from pipelines.steps import steps
from pipelines.work import WORK
from tests.infra import terraform

ROOT = terraform.ROOT
_MACHINE: dict[str, Any] = json.loads(state_machine.FILE.read_text(encoding="utf-8"))
_STATES: dict[str, dict[str, Any]] = _MACHINE["States"]


def _leads_to(state: dict[str, Any]) -> set[str]:
    choices = {choice["Next"] for choice in state.get("Choices", ())}
    return choices | {state[name] for name in ("Next", "Default") if name in state}


def test_every_step_comes_after_what_it_needs_and_is_work_that_there_is() -> None:
    before: set[str] = set()
    for step in steps():
        assert set(step.needs) <= before, step.name
        before.add(step.name)
    assert before == set(WORK)
    assert len(steps()) == len(before)


def test_every_command_is_one_that_the_door_takes(capsys: pytest.CaptureFixture[str]) -> None:
    for step in steps():
        words = step.argv(python="python", run="no time", playlist="-dashed", recipe="")
        assert words[:3] == ["python", "-m", "pipelines"]
        with pytest.raises(SystemExit):  # argparse knows every word of it, and shows its help at the last
            main([*words[3:], "--help"])
        places = {name for word in step.command for _, name, _, _ in string.Formatter().parse(word) if name}
        assert "run" in places, "each step must know of which run it is"
    assert "usage" in capsys.readouterr().out


def test_the_state_machine_is_the_one_that_the_list_makes() -> None:
    assert state_machine.FILE.read_text(encoding="utf-8") == state_machine.text(), "run make pipeline-states"


def test_every_state_can_be_reached_and_leads_somewhere() -> None:
    reached, todo = set(), {_MACHINE["StartAt"]}
    while todo:
        name = todo.pop()
        reached.add(name)
        todo |= _leads_to(_STATES[name]) - reached
    assert reached == set(_STATES)
    assert [name for name, state in _STATES.items() if state.get("End")] == ["watch"]


def test_the_machine_tries_as_often_as_the_list_says_and_never_what_cannot_be_finished() -> None:
    by_name = {step.name: step for step in steps()}
    for name, state in _STATES.items():
        if state["Type"] == "Task":
            step = by_name[name.partition(":")[0]]
            final, other = state["Retry"]
            assert final == {"ErrorEquals": ["StepFailed"], "MaxAttempts": 0}
            assert (other["MaxAttempts"], other["IntervalSeconds"]) == (step.retries, step.pause_s)
    assert _MACHINE["TimeoutSeconds"] == sum(step.timeout_s for step in steps())


def test_the_machine_calls_functions_that_are_deployed_and_its_role_may_call_just_those() -> None:
    called = set(re.findall(r"\$\{(\w+)\}", state_machine.text())) - {"partition"}
    deployed = yaml.safe_load((ROOT / "serverless.yml").read_text(encoding="utf-8"))["functions"]
    allowed = re.search(r"for name in \[(.*?)\]", (terraform.INFRA / "pipeline.tf").read_text(encoding="utf-8"))
    assert allowed
    assert called == set(re.findall(r'"(\w+)"', allowed[1])) <= set(deployed)


@pytest.mark.parametrize("runner", ["airflow_dag", "prefect_flow"])
def test_a_runner_of_others_is_under_sixty_lines_and_needs_nothing_of_ours_but_the_list(runner: str) -> None:
    text = (ROOT / "pipelines" / f"{runner}.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 60
    modules = {node.module for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)}
    ours = {module for module in modules if module and module.partition(".")[0] == "pipelines"}
    assert ours == {"pipelines.steps"}
    imports = ast.walk(ast.parse((ROOT / "pipelines" / "steps.py").read_text(encoding="utf-8")))
    assert {node.module for node in imports if isinstance(node, ast.ImportFrom)} <= {
        "collections.abc",
        "dataclasses",
        "pathlib",
    }


def test_the_same_inputs_are_the_same_pipeline(tmp_path: Any) -> None:
    one = Pipeline(tmp_path, "local", "/music", "")
    assert one.name == Pipeline(tmp_path / "other", "local", "/music", "").name
    others = {Pipeline(tmp_path, *given).name for given in (("dev", "/music", ""), ("local", "/m", ""))}
    assert one.name not in others
