"""What `make deploy` and `make destroy` do, in which order, and when they refuse; the tools they call take notes."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.infra import terraform

_AWS = ("AWS_REGION", "AWS_DEFAULT_REGION")
_TOOLS = {
    "bin/terraform": 'case "$*" in *"workspace select $UNKNOWN") exit 1;; esac',
    "bin/npm": 'env | sort >"$NOTES.npm"',
    "node_modules/.bin/osls": 'echo "osls packages ${EARSHOT_PACKAGE:-}" >>"$NOTES"',
    ".venv/bin/python": """
echo "region $AWS_REGION $AWS_DEFAULT_REGION" >>"$NOTES"
case "$*" in
*scripts.preflight*) [ -z "${REFUSED:-}" ] || exit 1; echo 10 ;;
*scripts.package*) env | sort >"$NOTES.packaging" ;;
esac""",
}
_STEPS = {
    "scripts.preflight": "preflight", "scripts.package": "package", "npm ci": "tools", "scripts.api_keys": "keys",
    "-out=": "plan", " apply ": "apply", "osls deploy": "functions", " smoke": "smoke",
    "scripts.remove": "remove", " destroy ": "destroy", "workspace delete": "forget",
}  # fmt: skip


class Checkout:
    """scripts/deploy in a folder whose terraform, npm, osls and python write down how they were called."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "scripts").mkdir()
        for script in ("deploy", "build-deployment", "without-credentials"):
            shutil.copy(terraform.ROOT / "scripts" / script, folder / "scripts" / script)
        shutil.copy(terraform.ROOT / "package-lock.json", folder)
        for name, more in _TOOLS.items():
            tool = folder / name
            tool.parent.mkdir(parents=True, exist_ok=True)
            tool.write_text(f'#!/bin/sh\necho "{tool.name} $*" >>"$NOTES"\n{more}\n')
            tool.chmod(0o755)

    def deploy(self, *arguments: str, answer: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        own = {
            name: value
            for name, value in os.environ.items()
            if name not in (*_AWS, "YES", "TERRAFORM_ARGS", "EARSHOT_ARCHITECTURE")
        }
        own |= {"PATH": f"{self._folder / 'bin'}:{own['PATH']}", "NOTES": str(self._notes), "UNKNOWN": "-"}
        self._notes.write_text("")
        script = str(self._folder / "scripts" / "deploy")
        return subprocess.run(
            [script, *arguments], env=own | environment, input=answer, capture_output=True, text=True, check=False
        )

    @property
    def _notes(self) -> Path:
        return self._folder / "notes"

    def environment_of(self, tool: str) -> dict[str, str]:
        """What `packaging` or `npm` found in its environment."""
        lines = self._notes.with_suffix(f".{tool}").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    @property
    def notes(self) -> str:
        """How the tools were called, a line each."""
        return self._notes.read_text()

    @property
    def steps(self) -> list[str]:
        """The same in short, and only what changes or checks something."""
        found = [next((step for text, step in _STEPS.items() if text in line), "") for line in self.notes.splitlines()]
        return [step for step in found if step]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_a_deployment_is_planned_agreed_to_and_tried_out(checkout: Checkout) -> None:
    done = checkout.deploy("apply", "dev", answer="y\n")
    assert done.returncode == 0, done.stderr
    assert checkout.steps == ["preflight", "package", "tools", "keys", "plan", "apply", "functions", "smoke"]


@pytest.mark.parametrize("verb", ["apply", "plan"])
def test_nothing_is_built_or_asked_of_terraform_when_the_preflight_finds_something(
    checkout: Checkout, verb: str
) -> None:
    assert checkout.deploy(verb, "dev", REFUSED="1", YES="1").returncode == 1
    assert checkout.steps == ["preflight"]
    assert "terraform" not in checkout.notes


def test_other_peoples_code_is_installed_and_built_without_credentials(checkout: Checkout) -> None:
    secrets = {
        "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_SESSION_TOKEN": "x", "AWS_PROFILE": "x",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x", "TF_TOKEN_app_terraform_io": "x", "EARSHOT_SPOTIFY_REFRESH_TOKEN": "x",
    }  # fmt: skip
    assert checkout.deploy("apply", "dev", YES="1", **secrets).returncode == 0
    for tool in ("packaging", "npm"):
        found = checkout.environment_of(tool)
        assert not set(found) & set(secrets)
        assert (found["AWS_SHARED_CREDENTIALS_FILE"], found["AWS_CONFIG_FILE"]) == ("/dev/null", "/dev/null")
    assert "npm ci" in checkout.notes


def test_what_is_built_already_is_not_installed_again(checkout: Checkout) -> None:
    checkout.deploy("apply", "dev", YES="1")
    checkout.deploy("apply", "dev", YES="1")
    assert "npm ci" not in checkout.notes


@pytest.mark.parametrize(("settings", "architecture"), [({}, "arm64"), ({"EARSHOT_ARCHITECTURE": "x86_64"}, "x86_64")])
def test_the_packages_are_of_the_processor_that_the_functions_run_on(
    checkout: Checkout, settings: dict[str, str], architecture: str
) -> None:
    checkout.deploy("apply", "dev", YES="1", **settings)
    assert f"scripts.package --architecture {architecture}\n" in checkout.notes
    assert f"osls packages {architecture}-python3.13\n" in checkout.notes


def test_terraform_installs_what_its_lock_file_says_and_is_told_the_quota(checkout: Checkout) -> None:
    checkout.deploy("apply", "dev", YES="1")
    assert "init -input=false -lockfile=readonly" in checkout.notes
    assert "concurrent_executions=10" in checkout.notes


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_without_consent_nothing_is_applied(checkout: Checkout, answer: str) -> None:
    done = checkout.deploy("apply", "dev", answer=answer)
    assert (done.returncode, "nothing was changed" in done.stdout) == (1, True)
    assert checkout.steps == ["preflight", "package", "tools", "keys", "plan"]


def test_consent_can_be_given_beforehand(checkout: Checkout) -> None:
    assert checkout.deploy("apply", "dev", YES="1").returncode == 0
    assert "functions" in checkout.steps


@pytest.mark.parametrize(
    ("settings", "region"),
    [
        ({}, "eu-central-1"),
        ({"AWS_REGION": "us-west-2"}, "us-west-2"),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, "eu-west-1"),
    ],
)
def test_every_tool_works_in_one_region(checkout: Checkout, settings: dict[str, str], region: str) -> None:
    checkout.deploy("apply", "dev", YES="1", **settings)
    notes = checkout.notes
    assert f"region {region} {region}" in notes
    assert f"region={region}" in notes
    assert f"osls deploy --stage dev --region {region}" in notes


def test_a_removal_asks_for_the_stages_name(checkout: Checkout) -> None:
    assert checkout.deploy("destroy", "dev", answer="yes\n").returncode == 1
    assert checkout.steps == []
    assert checkout.deploy("destroy", "dev", answer="dev\n").returncode == 0
    assert checkout.steps == ["remove", "apply", "destroy", "forget"]


def test_a_stage_that_terraform_does_not_know_is_not_made_in_order_to_be_removed(checkout: Checkout) -> None:
    done = checkout.deploy("destroy", "dve", answer="dve\n", UNKNOWN="dve")
    assert (done.returncode, "no stage dve" in done.stderr) == (1, True)
    assert checkout.steps == []


def test_this_machine_is_no_stage_to_deploy_to(checkout: Checkout) -> None:
    done = checkout.deploy("apply", "local")
    assert (done.returncode, "make deploy STAGE=dev" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("settings", "regions"),
    [({}, "eu-central-1 eu-central-1"), ({"AWS_REGION": "us-west-2"}, "us-west-2 us-west-2")],
)
def test_every_target_for_a_stage_works_in_the_region_it_was_deployed_into(
    settings: dict[str, str], regions: str
) -> None:
    own = {name: value for name, value in os.environ.items() if name not in _AWS} | settings
    show = "show-regions: ; @echo $$AWS_REGION $$AWS_DEFAULT_REGION"
    command = ["make", "--no-print-directory", "STAGE=dev", f"--eval={show}", "show-regions"]
    shown = subprocess.run(command, cwd=terraform.ROOT, env=own, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == regions


@pytest.mark.parametrize(("function", "message"), [("typo", "no function typo"), ("", "usage: make logs")])
def test_logs_of_a_function_that_does_not_exist_are_refused(function: str, message: str) -> None:
    command = ["make", "logs", f"FUNCTION={function}"]
    done = subprocess.run(command, cwd=terraform.ROOT, capture_output=True, text=True, check=False, timeout=20)
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr
