"""serverless.yml and infra/ meet in SSM parameters and in names; both sides must say the same."""

import re

import yaml

from scripts.template import contract_keys
from tests.infra import terraform

_SSM = re.compile(r"\$\{ssm:/earshot/\$\{sls:stage\}/([a-z0-9-]+)\}")
_CONTRACT = set(contract_keys())


def _serverless_text() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(terraform.ROOT.glob("serverless*.yml")))


def _functions() -> dict[str, dict[str, object]]:
    document = yaml.safe_load((terraform.ROOT / "serverless.yml").read_text(encoding="utf-8"))
    functions: dict[str, dict[str, object]] = document["functions"]
    return functions


def test_every_parameter_that_serverless_reads_is_written_by_terraform() -> None:
    assert set(_SSM.findall(_serverless_text())) - _CONTRACT == set()


def test_every_parameter_that_terraform_writes_is_read_by_serverless() -> None:
    assert _CONTRACT - set(_SSM.findall(_serverless_text())) == set()


def test_no_parameter_is_read_in_another_form() -> None:
    text = _serverless_text()
    assert text.count("${ssm:") == len(_SSM.findall(text))


def test_terraform_watches_the_functions_that_serverless_deploys() -> None:
    assert terraform.functions() == set(_functions())


def test_functions_leave_their_log_groups_to_terraform() -> None:
    for name, function in _functions().items():
        assert function["disableLogs"] is True, name
        assert function["role"], name


def test_functions_that_send_to_their_own_queue_are_not_taken_for_runaway_loops() -> None:
    resources = yaml.safe_load((terraform.ROOT / "serverless.resources.yml").read_text(encoding="utf-8"))
    allowed = {
        name
        for name, extension in resources["extensions"].items()
        if extension["Properties"].get("RecursiveLoop") == "Allow"
    }
    roles = yaml.safe_load((terraform.ROOT / "serverless.roles.yml").read_text(encoding="utf-8"))["Resources"]
    looping = set()
    for name, function in _functions().items():
        own = {event["sqs"]["arn"] for event in function["events"] if "sqs" in event}  # type: ignore[attr-defined]
        statements = roles[str(function["role"])]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        for statement in statements:
            targets = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
            if "sqs:SendMessage" in statement["Action"] and own & {
                target for target in targets if isinstance(target, str)
            }:
                looping.add(f"{name.capitalize().replace('_', 'Underscore')}LambdaFunction")
    assert allowed == looping
