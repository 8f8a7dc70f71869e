"""Whatever a deployment takes from its environment can be set wherever one is started, and is named in the runbook."""

import re

import pytest
import yaml

from tests.infra import terraform

_OF_THE_BUILD = {"EARSHOT_PACKAGE", "EARSHOT_ARCHITECTURE"}


def _settings() -> set[str]:
    text = (terraform.ROOT / "serverless.yml").read_text(encoding="utf-8")
    return {*re.findall(r"\$\{env:(EARSHOT_\w+)", text), "TERRAFORM_ARGS"} - _OF_THE_BUILD


def test_a_deployment_from_github_sets_back_none() -> None:
    text = (terraform.ROOT / ".github" / "workflows" / "deploy.yml").read_text(encoding="utf-8")
    steps = yaml.safe_load(text)["jobs"]["deploy"]["steps"]
    (environment,) = [step["env"] for step in steps if str(step.get("run", "")).startswith("make deploy")]
    assert {name: environment.get(name) for name in _settings()} == {
        name: f"${{{{ vars.{name} }}}}" for name in _settings()
    }


@pytest.mark.parametrize("setting", sorted(_settings()))
def test_the_runbook_names_every_setting(setting: str) -> None:
    assert f"`{setting}`" in (terraform.ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def test_every_function_that_embeds_or_indexes_is_told_of_another_model() -> None:
    document = yaml.safe_load((terraform.ROOT / "serverless.yml").read_text(encoding="utf-8"))
    assert document["provider"]["environment"]["EARSHOT_MODEL"] == "${env:EARSHOT_MODEL, ''}"
