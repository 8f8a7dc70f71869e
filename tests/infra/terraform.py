"""What the tests read out of infra/ without running Terraform: it keeps its files in one canonical format."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"


def functions() -> set[str]:
    """The functions that Terraform makes log groups and alarms for."""
    listing = re.search(r"^  functions = \[(.*?)\]", (INFRA / "main.tf").read_text(), re.MULTILINE | re.DOTALL)
    assert listing
    return set(re.findall(r'"(\w+)"', listing[1]))


@dataclass(frozen=True, slots=True)
class Metric:
    """What CloudWatch counts: `dimensions` as Terraform writes them."""

    namespace: str
    name: str
    statistic: str
    dimensions: str


def upload_rules() -> dict[str, list[str]]:
    """The CORS rule of the previews bucket, for pages of any origin: methods and headers that it allows."""
    text = (INFRA / "modules" / "private_bucket" / "main.tf").read_text(encoding="utf-8")
    rule = re.search(r"cors_rule \{(.*?)\}", text, re.DOTALL)
    assert rule
    return {
        name: re.findall(r'"([^"]+)"', listed)
        for name, listed in re.findall(r"allowed_(methods|headers) = \[(.*?)\]", rule[1])
    }


@dataclass(frozen=True, slots=True)
class Alarm:
    """When a person is told. `expression` speaks of the metrics by their keys; `period_s` is that of all of them."""

    metrics: Mapping[str, Metric]
    expression: str
    threshold: float
    period_s: int
    periods: int
    is_attended: bool
    """Made only where somebody is written to."""


def alarms() -> dict[str, Alarm]:
    """Alarms by their keys, as in alarm names and in the runbook."""
    found = {}
    for file in ("alarms.tf", "attended.tf"):
        text = (INFRA / "modules" / "observability" / file).read_text(encoding="utf-8")
        for key, block in re.findall(r"^    ([a-z-]+) = \{\n(.*?)^    \}$", text, re.MULTILINE | re.DOTALL):
            found[key] = _alarm(block, is_attended=file == "attended.tf")
    assert found
    return found


_METRIC = re.compile(r'namespace += "(\S+)", metric = "(\w+)", statistic = "(\w+)"[,\n]\s*dimensions += (\{.*?\})')


def _alarm(block: str, *, is_attended: bool) -> Alarm:
    own = {key: Metric(*_METRIC.search(line).groups()) for key, line in _named(block)}  # type: ignore[union-attr]
    expression = re.search(r'expression += "(.*)"', block)
    return Alarm(
        metrics=own or {"metric": Metric(*_METRIC.search(block).groups())},  # type: ignore[union-attr]
        expression=expression[1] if expression else "metric",
        threshold=_number(block, "threshold"),
        period_s=int(_number(block, "period")),
        periods=int(_number(block, "periods")),
        is_attended=is_attended,
    )


def _named(block: str) -> list[tuple[str, str]]:
    """The metrics of a computed alarm; those that Terraform makes of the queues are written out."""
    lines = re.findall(r"^        (\w+) += (\{ namespace .*\})$", block, re.MULTILINE)
    if of_queues := re.search(r"=> (\{ namespace .*\})$", block, re.MULTILINE):
        table = json.loads((INFRA / "queues.json").read_text(encoding="utf-8"))
        lines += [(name.replace("-", "_"), of_queues[1]) for name in (*table["work"], "index-failed")]
    return lines


def _number(block: str, name: str) -> float:
    match = re.search(rf"\b{name} += ([^,\n]+)", block)
    assert match, name
    product = 1.0
    for factor in match[1].split(" * "):
        product *= {"local.minute": 60, "var.concurrent_executions": 1000}.get(factor) or float(factor)
    return product
