"""Every alarm has one entry in the runbook, and every entry belongs to an alarm."""

import re

import yaml

from tests.infra import terraform


def _entries() -> list[str]:
    text = (terraform.ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    alarms = text.split("\n## Alarms\n")[1].split("\n## ")[0]
    return re.findall(r"^### (.+)$", alarms, re.MULTILINE)


def _with_functions() -> dict[str, str]:
    """Alarms of the functions' stack, of every way of rolling out, with what they tell."""
    resources, rollouts = (
        yaml.safe_load((terraform.ROOT / name).read_text(encoding="utf-8"))
        for name in ("serverless.resources.yml", "serverless.rollout.yml")
    )
    parts = [resources, *rollouts.values()]
    alarms = [
        resource["Properties"]
        for part in parts
        for resource in part.get("Resources", {}).values()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    ]
    return {alarm["AlarmName"].removeprefix("earshot-${sls:stage}-"): alarm["AlarmDescription"] for alarm in alarms}


def _alarms() -> set[str]:
    return {*terraform.alarms(), *_with_functions()}


def test_every_alarm_has_exactly_one_entry_and_every_entry_an_alarm() -> None:
    assert sorted(_entries()) == sorted(_alarms())


def test_every_alarm_of_the_functions_stack_leads_to_its_entry() -> None:
    assert {"api-errors", "api-fails"} <= set(_with_functions())
    for key, description in _with_functions().items():
        assert description.endswith(f"docs/operations.md#{key}")
