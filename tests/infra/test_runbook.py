"""Every alarm has one entry in the runbook, and every entry belongs to an alarm."""

import re

import yaml

from tests.infra import terraform


def _entries() -> list[str]:
    text = (terraform.ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    alarms = text.split("\n## Alarms\n")[1].split("\n## ")[0]
    return re.findall(r"^### (.+)$", alarms, re.MULTILINE)


def _alarms() -> set[str]:
    resources = yaml.safe_load((terraform.ROOT / "serverless.resources.yml").read_text(encoding="utf-8"))["Resources"]
    with_functions = {
        resource["Properties"]["AlarmName"].removeprefix("earshot-${sls:stage}-")
        for resource in resources.values()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }
    return set(terraform.alarms()) | with_functions


def test_every_alarm_has_exactly_one_entry_and_every_entry_an_alarm() -> None:
    assert sorted(_entries()) == sorted(_alarms())


def test_every_alarm_of_the_functions_stack_leads_to_its_entry() -> None:
    text = (terraform.ROOT / "serverless.resources.yml").read_text(encoding="utf-8")
    for key in _alarms() - set(terraform.alarms()):
        assert f"docs/operations.md#{key}" in text
