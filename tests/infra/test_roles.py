"""What Lambda itself does with a function's role: no recorded call shows it, so it follows from the triggers."""

from typing import Any

import pytest
import yaml

from tests.infra import terraform

_QUEUE = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
# Lambda refuses to make the mapping unless the role has all four.
_STREAM = {"dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream", "dynamodb:ListStreams"}
_LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
_TRACE = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
_LOG_GROUP = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/earshot-${sls:stage}-"

Grants = set[tuple[str, str]]


def _read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((terraform.ROOT / name).read_text(encoding="utf-8"))
    return document


_FUNCTIONS = _read("serverless.yml")["functions"]
_ROLES = _read("serverless.roles.yml")["Resources"]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _granted(function: str) -> Grants:
    role = _ROLES[_FUNCTIONS[function]["role"]]["Properties"]
    return {
        (action, resource if isinstance(resource, str) else resource["Fn::Sub"])
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
    }


def _used_by_lambda(function: str) -> Grants:
    used = {(action, f"{_LOG_GROUP}{function}:*") for action in _LOG} | {(action, "*") for action in _TRACE}
    for event in _FUNCTIONS[function]["events"]:
        used |= {(action, event["sqs"]["arn"]) for action in _QUEUE if "sqs" in event}
        used |= {(action, event["stream"]["arn"]) for action in _STREAM if "stream" in event}
    return used


def _failures_go_to(function: str) -> Grants:
    streams = [event["stream"] for event in _FUNCTIONS[function]["events"] if "stream" in event]
    return {("sqs:SendMessage", stream["destinations"]["onFailure"]["arn"]) for stream in streams}


@pytest.mark.parametrize("function", sorted(_FUNCTIONS))
def test_a_role_grants_what_lambda_does_for_its_function_and_for_no_other(function: str) -> None:
    of_lambda = {
        (action, resource)
        for action, resource in _granted(function)
        if action in _QUEUE | _STREAM | _LOG | _TRACE
        and not resource.endswith(("-dlq-arn}", "/index-failed-queue-arn}"))  # read by a function itself
    }
    assert of_lambda == _used_by_lambda(function)


@pytest.mark.parametrize("function", sorted(_FUNCTIONS))
def test_lambda_may_send_what_failed_for_the_last_time(function: str) -> None:
    assert _failures_go_to(function) - _granted(function) == set()


def test_every_role_belongs_to_one_function() -> None:
    assert sorted(function["role"] for function in _FUNCTIONS.values()) == sorted(_ROLES)
