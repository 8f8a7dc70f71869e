"""Alarms and dashboard watch metrics that the functions emit, and every metric emitted is watched by one of them."""

import ast
import json
import re
from pathlib import Path

import pytest

from earshot.telemetry import emit
from tests.infra import terraform

_PACKAGES = ("annoy_service", "api", "crawler", "earshot", "extractor")


def _emitted() -> set[str]:
    found = set()
    for package in _PACKAGES:
        for file in (terraform.ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "emit":
                    name = node.args[0]
                    assert isinstance(name, ast.Constant), f"{file}:{node.lineno}: name the metric in place"
                    found.add(str(name.value))
    return found


def _watched() -> set[str]:
    folder: Path = terraform.INFRA / "modules" / "observability"
    alarms = re.findall(r'"Earshot", metric = "(\w+)"', (folder / "alarms.tf").read_text(encoding="utf-8"))
    widgets = re.findall(r'"Earshot", "(\w+)"', (folder / "dashboard.tf").read_text(encoding="utf-8"))
    assert alarms
    assert widgets
    return {*alarms, *widgets}


def test_every_metric_that_is_watched_is_emitted() -> None:
    assert _watched() - _emitted() == set()


def test_every_metric_that_is_emitted_is_watched() -> None:
    assert _emitted() - _watched() == set()


def test_a_metric_has_the_service_as_its_only_dimension_and_its_reason_beside_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "crawler")
    emit("TracksWithoutPreview", reason="not_found")
    line = json.loads(capsys.readouterr().out)
    (definition,) = line["_aws"]["CloudWatchMetrics"]
    assert definition["Namespace"] == "Earshot"
    assert definition["Dimensions"] == [["service"]]
    assert (line["service"], line["TracksWithoutPreview"], line["reason"]) == ("crawler", [1.0], "not_found")
