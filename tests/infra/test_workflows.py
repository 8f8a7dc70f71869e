"""Workflows run what was looked at, and give credentials to nobody who builds other people's code."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infra import terraform

_FOLDER = terraform.ROOT / ".github"
_WORKFLOWS = sorted(_FOLDER.glob("workflows/*.yml"))


def _jobs(name: str) -> dict[str, Any]:
    document = yaml.safe_load((_FOLDER / "workflows" / name).read_text(encoding="utf-8"))
    jobs: dict[str, Any] = document["jobs"]
    return jobs


def _runs(job: dict[str, Any]) -> str:
    return "\n".join(str(step.get("run", "")) for step in job["steps"])


@pytest.mark.parametrize("workflow", _WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_its_commit_and_says_its_version(workflow: Path) -> None:
    uses = re.findall(r"uses: (.+)$", workflow.read_text(encoding="utf-8"), re.MULTILINE)
    assert uses
    for action in uses:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


def test_one_action_has_one_version_everywhere() -> None:
    uses = [use for path in _WORKFLOWS for use in re.findall(r"uses: (\S+@\S+)", path.read_text(encoding="utf-8"))]
    assert len({use.partition("@")[0] for use in uses}) == len(set(uses))


def test_only_the_job_that_deploys_may_get_credentials_and_it_builds_nothing() -> None:
    text = (_FOLDER / "workflows" / "deploy.yml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)["permissions"] == {"contents": "read"}
    may = {name for name, job in _jobs("deploy.yml").items() if "id-token" in job.get("permissions", {})}
    assert may == {"deploy"}
    deploy = _jobs("deploy.yml")["deploy"]
    assert deploy["needs"] == "package"
    names = [str(step.get("uses", step.get("run"))).partition("@")[0] for step in deploy["steps"]]
    assert names.index("make setup") < names.index("aws-actions/configure-aws-credentials")
    assert not re.search(r"npm|scripts\.package|build-deployment", _runs(deploy))


def test_what_is_packed_in_one_job_is_what_the_other_deploys() -> None:
    package, deploy = _jobs("deploy.yml")["package"], _jobs("deploy.yml")["deploy"]
    packed = re.search(r"tar -cf (\S+) (.+?)(?: #|$)", _runs(package), re.MULTILINE)
    assert packed
    assert {"build/package", "build/model", "node_modules"} <= set(packed[2].split())
    assert f"tar -xf {packed[1]}" in _runs(deploy)
    kept, fetched = (
        [step["with"]["name"] for step in job["steps"] if f"{verb}-artifact" in step.get("uses", "")]
        for job, verb in ((package, "upload"), (deploy, "download"))
    )
    assert set(fetched) <= set(kept)


def test_the_processor_that_functions_run_on_runs_tests_and_zips() -> None:
    arm = [job for job in _jobs("ci.yml").values() if str(job["runs-on"]).endswith("-arm")]
    assert len(arm) == 1
    assert "make test-cloud" in _runs(arm[0])
    for folder in re.findall(r"tests/[\w/]+(?=[ \"])", _runs(arm[0])):
        assert (terraform.ROOT / folder).is_dir(), folder


def test_every_kind_of_pin_has_somebody_who_proposes_the_next() -> None:
    document = yaml.safe_load((_FOLDER / "dependabot.yml").read_text(encoding="utf-8"))
    kinds = {update["package-ecosystem"] for update in document["updates"]}
    assert kinds == {"github-actions", "pip", "npm", "terraform", "docker"}


def test_terraform_is_new_enough_for_its_state_to_be_locked_without_a_table() -> None:
    floors = [path.read_text(encoding="utf-8") for path in terraform.INFRA.rglob("versions.tf")]
    assert {re.search(r'required_version = ">= ([\d.]+)"', text)[1] for text in floors} == {"1.10.0"}  # type: ignore[index]


def test_the_provider_is_locked_for_what_is_asked_for() -> None:
    asked = re.search(r'version = "~> (\d+)\.0"', (terraform.INFRA / "versions.tf").read_text(encoding="utf-8"))
    lock = (terraform.INFRA / ".terraform.lock.hcl").read_text(encoding="utf-8")
    assert re.findall(r'^provider "registry.terraform.io/(\S+)"', lock, re.MULTILINE) == ["hashicorp/aws"]
    assert asked
    assert re.search(rf'^  version     = "{asked[1]}\.\d+\.\d+"$', lock, re.MULTILINE)
    assert f'constraints = "~> {asked[1]}.0"' in lock
    assert len(re.findall(r'"zh:[0-9a-f]{64}",', lock)) > 10
