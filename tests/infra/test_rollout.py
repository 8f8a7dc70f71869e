"""How a new version of the API takes over, and what sends it back."""

from typing import Any

import yaml

from tests.infra import terraform


def _read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((terraform.ROOT / name).read_text(encoding="utf-8"))
    return document


_ROLLOUTS = _read("serverless.rollout.yml")
_CANARY = _ROLLOUTS["canary"]["Resources"]


def test_every_stage_has_a_rollout_that_there_is_and_prod_tries_first() -> None:
    params = _read("serverless.yml")["params"]
    assert {stage: parameters.get("rollout") for stage, parameters in params.items()} == {
        "default": "at-once",
        "prod": "canary",
    }
    assert set(_ROLLOUTS) == {"at-once", "canary"}


def test_an_alarm_sends_everything_back() -> None:
    group = _CANARY["ApiRolloutGroup"]["Properties"]
    assert group["AutoRollbackConfiguration"]["Enabled"]
    assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
    assert group["AlarmConfiguration"]["Enabled"]
    watched = {alarm["Name"]["Ref"] for alarm in group["AlarmConfiguration"]["Alarms"]}
    assert watched == {"ApiRolloutAlarm", "ApiErrorsAlarm"}
    assert "ApiErrorsAlarm" in _read("serverless.resources.yml")["Resources"]


def test_the_first_request_that_ends_the_new_version_is_heard_before_the_rest_follows() -> None:
    alarm = _CANARY["ApiRolloutAlarm"]["Properties"]
    assert alarm["Threshold"] == 0
    assert alarm["Period"] * alarm["EvaluationPeriods"] <= 60
    assert _CANARY["ApiRolloutGroup"]["Properties"]["DeploymentConfigName"].endswith("LambdaCanary10Percent5Minutes")
    assert {"Name": "Resource", "Value": {"Fn::Sub": "${ApiLambdaFunction}:snapstart"}} in alarm["Dimensions"]


def test_whoever_shifts_the_traffic_may_do_nothing_else() -> None:
    (policy,) = _CANARY["ApiRolloutRole"]["Properties"]["Policies"]
    granted = {
        (action, str(statement["Resource"]))
        for statement in policy["PolicyDocument"]["Statement"]
        for action in statement["Action"]
    }
    assert {action for action, _ in granted} == {
        "lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetProvisionedConcurrencyConfig", "cloudwatch:DescribeAlarms",
    }  # fmt: skip
    assert all("function:earshot-${sls:stage}-api*" in resource for action, resource in granted if "lambda" in action)
