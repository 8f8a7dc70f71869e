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


def upload_rules() -> dict[str, list[str]]:
    """The CORS rule of the previews bucket, for pages of any origin: methods and headers that it allows."""
    text = (INFRA / "modules" / "private_bucket" / "main.tf").read_text(encoding="utf-8")
    rule = re.search(r"cors_rule \{(.*?)\}", text, re.DOTALL)
    assert rule
    return {
        name: re.findall(r'"([^"]+)"', listed)
        for name, listed in re.findall(r"allowed_(methods|headers) = \[(.*?)\]", rule[1])
    }


def _keys(path: Path, pattern: str) -> list[str]:
    found: list[str] = re.findall(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)
    assert found, f"{path} no longer looks as this test expects"
    return found
