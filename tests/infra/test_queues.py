"""One table of queues, and everybody who makes, reads or counts on a queue follows it."""

import json
import re

import boto3
import pytest
import yaml

from config.local import ROOT
from local.resources import create_all
from local.serverless import Function, read_functions
from local.timings import AT_ONCE, on_aws
from ops.deployment import Deployment
from ops.queue_table import queue_table
from tests.aws import account
from tests.infra import terraform

TABLE = queue_table()
Created = dict[str, dict[str, str]]


def _functions() -> dict[str, Function]:
    def lookup(name: str) -> str:
        return f"arn:aws:sqs:eu-central-1:0:{name.rpartition('/')[2]}"

    found = read_functions(ROOT / "serverless.yml", stage="dev", ssm=lookup)
    return {function.name: function for function in found}


def _readers() -> dict[str, Function]:
    """The function that reads each queue."""
    return {
        trigger.queue_arn.rpartition(":")[2].removesuffix("-queue-arn"): function
        for function in _functions().values()
        for trigger in function.sqs
    }


@pytest.fixture(scope="module")
def created() -> Created:
    """The queues that the stack on one machine creates: their attributes by name."""
    with account():
        session = boto3.Session()
        create_all(session, "test")
        deployment = Deployment(session, "test")
        found: Created = {}
        for queue in TABLE.names:
            url = deployment.parameters[f"{queue}-queue-url"]
            attributes = deployment.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
            found[queue] = {str(name): value for name, value in attributes.items()}
    return found


def test_every_queue_has_a_function_that_reads_it_and_takes_its_timeout_from_the_table() -> None:
    assert {name: reader.timeout_s for name, reader in _readers().items()} == {
        name: queue.timeout_s for name, queue in TABLE.work.items()
    }


@pytest.mark.parametrize("queue", sorted(TABLE.work))
def test_a_message_is_tried_as_often_on_this_machine_as_in_the_cloud(created: Created, queue: str) -> None:
    policy = json.loads(created[queue]["RedrivePolicy"])
    assert policy["maxReceiveCount"] == TABLE.work[queue].receives
    assert policy["deadLetterTargetArn"].endswith(f":{TABLE.dead_name(queue, 'test')}")


@pytest.mark.parametrize("queue", sorted(TABLE.work))
def test_no_queue_shows_a_message_again_while_its_function_may_still_work_on_it(created: Created, queue: str) -> None:
    hidden_s = int(created[queue]["VisibilityTimeout"])
    assert hidden_s == AT_ONCE.visibility_s(TABLE.work[queue]) > _readers()[queue].timeout_s


@pytest.mark.parametrize("queue", TABLE.names)
def test_messages_are_kept_equally_long(created: Created, queue: str) -> None:
    assert int(created[queue]["MessageRetentionPeriod"]) == TABLE.retention_days * 24 * 3600


def test_on_aws_a_message_is_hidden_for_six_timeouts_as_lambda_asks_for() -> None:
    assert TABLE.visibility_timeouts >= 6


def test_with_awss_timings_so_it_is_here_but_sooner() -> None:
    assert on_aws(1).visibility_s(TABLE.work["extract"]) == TABLE.visibility_timeouts * TABLE.work["extract"].timeout_s
    assert (
        on_aws(60).visibility_s(TABLE.work["extract"])
        == TABLE.visibility_timeouts * TABLE.work["extract"].timeout_s / 60
    )
    assert on_aws(1).retention_s() == TABLE.retention_days * 24 * 3600


def test_whoever_reads_a_queue_knows_which_delivery_is_the_last() -> None:
    for queue, function in _readers().items():
        assert int(function.environment["EARSHOT_MAX_TRIES"]) == TABLE.work[queue].receives


def test_nobody_else_knows_how_often_or_how_long() -> None:
    text = (terraform.INFRA / "main.tf").read_text(encoding="utf-8")
    assert re.findall(r"(?<!log_)(?:visibility_timeout_seconds|max_receive_count|retention_days) += (\S+)", text) == [
        "local.queues.visibility_timeouts", "each.value.receives", "local.queues.retention_days",
        'local.queues.parked["index-failed"].visibility_s', 'local.queues.parked["index-failed"].receives',
        "local.queues.retention_days",
    ]  # fmt: skip
    document = yaml.safe_load((ROOT / "serverless.yml").read_text(encoding="utf-8"))
    assert document["custom"]["queues"] == "${file(infra/queues.json):work}"
