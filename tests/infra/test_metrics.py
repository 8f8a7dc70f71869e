"""Alarms and dashboard watch metrics that the functions emit, and every metric emitted is watched by one of them."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from earshot.telemetry import emit
from tests.infra import terraform

_PACKAGES = ("annoy_service", "api", "crawler", "earshot", "extractor", "listening", "pipelines")


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
    files = [folder / name for name in ("alarms.tf", "attended.tf")]
    alarms = re.findall(r'"Earshot", metric = "(\w+)"', "".join(file.read_text(encoding="utf-8") for file in files))
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


def test_a_persons_terminal_shows_warnings_and_no_metrics() -> None:
    script = (
        "from earshot.terminal import spare_the_terminal; spare_the_terminal()\n"
        "from earshot.telemetry import emit, logger\n"
        "emit('IndexedTracks', 3); logger().info('folded'); logger().warning('a segment is damaged')"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("POWERTOOLS_")}
    command = [sys.executable, "-c", script]
    shown = subprocess.run(command, cwd=terraform.ROOT, env=environment, capture_output=True, text=True, check=True)
    (line,) = (shown.stdout + shown.stderr).splitlines()
    assert json.loads(line)["message"] == "a segment is damaged"


@pytest.mark.parametrize("door", ["ops", "local", "demo"])
def test_every_door_of_a_shell_spares_the_terminal_before_it_imports_any_work(door: str) -> None:
    text = (terraform.ROOT / door / "__main__.py").read_text(encoding="utf-8")
    assert text.endswith('if __name__ == "__main__":\n    spare_the_terminal()\n    sys.exit(main(sys.argv[1:]))\n')
