"""What the tests read out of infra/ without running Terraform: it keeps its files in one canonical format."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"


def functions() -> set[str]:
    """The functions that Terraform makes log groups and alarms for."""
    listing = re.search(r"^  functions = \[(.*?)\]", (INFRA / "main.tf").read_text(), re.MULTILINE | re.DOTALL)
    assert listing
    return set(re.findall(r'"(\w+)"', listing[1]))


def alarms() -> set[str]:
    """Keys of the alarms, as in alarm names and in the runbook."""
    return set(_keys(INFRA / "modules" / "observability" / "alarms.tf", r"^    ([a-z-]+) = \{$"))


def _keys(path: Path, pattern: str) -> list[str]:
    found: list[str] = re.findall(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)
    assert found, f"{path} no longer looks as this test expects"
    return found
