"""Jobs in bulk on AWS, whose requests and answers botocore checks against AWS's own description."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from batch import submit as command
from batch.submitting import Bill, Place, follow, place_of, submit
from earshot.errors import InvalidSettings, JobFailed

_PLACE = Place("00abc", "arn:aws:iam::123456789012:role/earshot-dev-batch-job", "/aws/emr-serverless/x", "bucket")
_NAMED = {"applicationId": "00abc", "jobRunId": "run1"}
_RUN = {
    **_NAMED,
    "arn": "arn:aws:emr-serverless:eu-central-1:123456789012:/applications/00abc/jobruns/run1",
    "createdBy": "arn:aws:iam::123456789012:user/somebody",
    "createdAt": 0,
    "updatedAt": 0,
    "executionRole": _PLACE.role_arn,
    "stateDetails": "as AWS has it",
    "releaseLabel": "emr-spark-8.0.0",
    "jobDriver": {"sparkSubmit": {"entryPoint": "local:///app/batch/__main__.py"}},
}


def _client(service: Any) -> Any:
    return boto3.client(service, "eu-central-1", aws_access_key_id="testing", aws_secret_access_key="testing")


@pytest.fixture(scope="module")
def emr_of_this_module() -> Any:
    return _client("emr-serverless")


@pytest.fixture
def emr(emr_of_this_module: Any) -> Iterator[tuple[Any, Stubber]]:
    with Stubber(emr_of_this_module) as stub:
        yield emr_of_this_module, stub
        stub.assert_no_pending_responses()


def _runs(stub: Stubber, *states: dict[str, object]) -> None:
    for state in states:
        stub.add_response("get_job_run", {"jobRun": {**_RUN, **state}}, _NAMED)


def test_a_run_is_told_of_whenever_something_changes_and_costs_what_is_billed(emr: tuple[Any, Stubber]) -> None:
    client, stub = emr
    used = {"vCPUHour": 1.0, "memoryGBHour": 2.0, "storageGBHour": 0.0}
    billed = {"vCPUHour": 27.8, "memoryGBHour": 55.6, "storageGBHour": 0.0}
    _runs(
        stub,
        {"state": "SCHEDULED"},
        {"state": "SCHEDULED"},
        {"state": "RUNNING", "totalResourceUtilization": used},
        {"state": "SUCCESS", "totalResourceUtilization": used, "billedResourceUtilization": billed},
    )
    said: list[str] = []
    waited: list[float] = []
    bill = follow(client, _PLACE, "run1", said.append, waited.append)
    assert said == ["scheduled", "running, 1.00 vCPU-hours so far", "success, 1.00 vCPU-hours so far"]
    assert len(waited) == 3
    assert bill == Bill(27.8, 55.6)
    assert bill.usd == pytest.approx(27.8 * 0.0421 + 55.6 * 0.0046)


def test_a_run_that_failed_says_why_and_where_its_log_is(emr: tuple[Any, Stubber]) -> None:
    client, stub = emr
    _runs(stub, {"state": "FAILED", "stateDetails": "Job failed, exit code 1"})
    with pytest.raises(JobFailed, match=r"run1 failed: Job failed, exit code 1 \(log group /aws/emr-serverless/x\)"):
        follow(client, _PLACE, "run1", lambda _: None)


def test_a_run_is_the_same_command_as_on_one_machine_within_bounds(emr: tuple[Any, Stubber]) -> None:
    client, stub = emr
    wanted: dict[str, object] = {
        "applicationId": "00abc",
        "executionRoleArn": _PLACE.role_arn,
        "name": "earshot-dev-embed",
        "executionTimeoutMinutes": 720,
        "jobDriver": ANY,
        "configurationOverrides": ANY,
        "tags": ANY,
    }
    stub.add_response("start_job_run", {"applicationId": "00abc", "jobRunId": "run1", "arn": _RUN["arn"]}, wanted)
    requests: list[dict[str, Any]] = []
    client.meta.events.register(
        "provide-client-params.emr-serverless.StartJobRun", lambda params, **_: requests.append(params)
    )
    options = ["--input", "s3://previews/previews/", "--output", "s3://bucket/embeddings"]
    assert submit(client, _PLACE, "embed", options, name="earshot-dev-embed", executors=4) == "run1"
    driver = requests[0]["jobDriver"]["sparkSubmit"]
    assert driver["entryPoint"] == "local:///app/batch/__main__.py"
    assert driver["entryPointArguments"] == ["embed", "--on-cluster", *options]
    assert "--conf spark.dynamicAllocation.maxExecutors=4" in driver["sparkSubmitParameters"]


def test_where_a_stage_has_its_jobs_run_is_in_one_parameter() -> None:
    client = _client("ssm")
    said = {"application_id": "00abc", "role_arn": "arn", "log_group": "group", "bucket": "bucket"}
    with Stubber(client) as stub:
        stub.add_response("get_parameter", {"Parameter": {"Value": json.dumps(said)}}, {"Name": "/earshot/dev/batch"})
        stub.add_client_error("get_parameter", "ParameterNotFound")
        assert place_of(client, "dev") == Place("00abc", "arn", "group", "bucket")
        with pytest.raises(InvalidSettings, match="stage dev has no application"):
            place_of(client, "dev")


def test_what_lies_on_this_machine_is_not_submitted(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["embed", "--input", "/music", "--output", "s3://bucket/x"]) == 2
    assert "--input /music is on this machine" in capsys.readouterr().err
