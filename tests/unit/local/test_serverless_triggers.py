from pathlib import Path
from typing import Any

import pytest
import yaml

from earshot.errors import InvalidSettings
from local.serverless import Function, read_functions

_ROOT = Path(__file__).parents[3]


def _lookup(name: str) -> str:
    kind = name.rsplit("/", 1)[1]
    if kind.endswith("queue-arn"):
        return f"arn:aws:sqs:eu-central-1:000000000000:{kind}"
    return f"value of {name}"


def _read(tmp_path: Path, functions: dict[str, Any], **document: Any) -> dict[str, Function]:
    path = tmp_path / "serverless.yml"
    path.write_text(yaml.safe_dump({"service": "x", "functions": functions, **document}))
    return {function.name: function for function in read_functions(path, stage="test", ssm=_lookup)}


def _sqs(**keys: Any) -> dict[str, Any]:
    return {"f": {"handler": "a.b", "events": [{"sqs": {"arn": "arn:aws:sqs:r:0:q", **keys}}]}}


def _stream(**keys: Any) -> dict[str, Any]:
    return {"f": {"handler": "a.b", "events": [{"stream": {"type": "dynamodb", "arn": "arn:stream", **keys}}]}}


def test_the_projects_own_file_is_understood_whole() -> None:
    functions = {f.name: f for f in read_functions(_ROOT / "serverless.yml", stage="local", ssm=_lookup)}
    assert {"crawl_playlist", "fetch_preview", "extract", "index_tracks", "api"} <= set(functions)
    (stream,) = functions["queue_changes"].streams
    assert stream.bisect
    assert stream.partial_failures
    assert stream.on_failure_queue_arn == "arn:aws:sqs:eu-central-1:000000000000:index-failed-queue-arn"
    assert any("NewImage" in str(pattern["dynamodb"]) for pattern in stream.filters)
    assert functions["extract"].sqs[0].partial_failures
    assert functions["api"].serves_http
    assert functions["api"].sns
    assert functions["extract"].environment["EARSHOT_STAGE"] == "local"


def test_every_key_of_an_sqs_trigger_reaches_the_loop(tmp_path: Path) -> None:
    (trigger,) = _read(
        tmp_path,
        _sqs(
            batchSize=50,
            maximumBatchingWindow=3,
            maximumConcurrency=4,
            functionResponseType="ReportBatchItemFailures",
        ),
    )["f"].sqs
    assert (trigger.batch_size, trigger.window_s, trigger.maximum_concurrency) == (50, 3, 4)
    assert trigger.partial_failures


def test_every_key_of_a_stream_trigger_reaches_the_loop(tmp_path: Path) -> None:
    pattern = {"eventName": ["INSERT"]}
    (trigger,) = _read(
        tmp_path,
        _stream(
            batchSize=7,
            batchWindow=2,
            startingPosition="LATEST",
            maximumRetryAttempts=3,
            bisectBatchOnFunctionError=True,
            functionResponseType="ReportBatchItemFailures",
            filterPatterns=[pattern],
            destinations={"onFailure": {"type": "sqs", "arn": "arn:aws:sqs:r:0:failed"}},
        ),
    )["f"].streams
    assert (trigger.batch_size, trigger.window_s, trigger.starting_position) == (7, 2, "LATEST")
    assert (trigger.retries, trigger.bisect, trigger.partial_failures) == (3, True, True)
    assert trigger.filters == (pattern,)
    assert trigger.on_failure_queue_arn == "arn:aws:sqs:r:0:failed"


def test_without_limit_a_stream_batch_is_retried_for_ever_as_on_aws(tmp_path: Path) -> None:
    assert _read(tmp_path, _stream())["f"].streams[0].retries == -1


@pytest.mark.parametrize(
    ("functions", "place"),
    [
        (_sqs(maximumBatchWindow=3), "maximumBatchWindow"),
        (_sqs(batchSize="10"), r"batchSize: expected int"),
        (_sqs(batchSize=11), "maximumBatchingWindow"),
        (_sqs(functionResponseType="Other"), "functionResponseType"),
        (_stream(tumblingWindowInSeconds=3), "tumblingWindowInSeconds"),
        (_stream(parallelizationFactor=2), "parallelizationFactor"),
        (_stream(startingPosition="AT_TIMESTAMP"), "startingPosition"),
        (_stream(type="kinesis"), "kinesis"),
        (_stream(filterPatterns=[{"a": [{"cidr": "x"}]}]), r"filterPatterns\[0\]\.a"),
        (_stream(destinations={"onFailure": {"type": "sns", "arn": "arn:aws:sns:r:0:t"}}), r"onFailure\.type"),
        (_stream(destinations={"onFailure": "arn:aws:sns:r:0:t"}), "not the ARN of a queue"),
        ({"f": {"handler": "a.b", "events": [{"alexaSkill": {}}]}}, "alexaSkill"),
        ({"f": {"handler": "a.b", "events": ["sqs"]}}, r"events\[0\]"),
        ({"f": {"handler": "a.b", "timeOut": 3}}, "timeOut"),
        ({"f": {"timeout": 3}}, "handler is missing"),
    ],
)
def test_what_the_loop_does_not_know_is_refused_by_name(tmp_path: Path, functions: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidSettings, match=place):
        _read(tmp_path, functions)


def test_keys_that_only_a_deployment_needs_are_passed_over(tmp_path: Path) -> None:
    body = {"handler": "a.b", "package": {"artifact": "${file(nowhere.yml):x}"}, "role": "R", "snapStart": True}
    assert _read(tmp_path, {"f": body})["f"].handler == "a.b"


def test_variables_are_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOT_SET", raising=False)
    monkeypatch.setenv("IS_SET", "here")
    environment = {
        "STAGE": "${sls:stage}",
        "OPT": "${opt:stage, 'dev'}",
        "DEFAULT": "${env:NOT_SET, 'fallback'}",
        "SET": "${env:IS_SET, 'fallback'}",
        "SSM": "${ssm:/earshot/${sls:stage}/tracks-table}",
        "SELF": "${self:custom.deep.value}-x",
        "NUMBER": 7,
        "FLAG": True,
    }
    functions = {"f": {"handler": "a.b", "environment": environment}}
    provider = {"environment": {"SHARED": "yes", "SET": "overridden"}}
    read = _read(tmp_path, functions, provider=provider, custom={"deep": {"value": "${sls:stage}"}})
    assert read["f"].environment == {
        "SHARED": "yes",
        "STAGE": "test",
        "OPT": "test",
        "DEFAULT": "fallback",
        "SET": "here",
        "SSM": "value of /earshot/test/tracks-table",
        "SELF": "test-x",
        "NUMBER": "7",
        "FLAG": "true",
    }


@pytest.mark.parametrize("variable", ["${cf:stack.output}", "${self:custom.missing}", "${env:NOT_SET}"])
def test_a_variable_without_value_is_refused_with_its_place(
    tmp_path: Path, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOT_SET", raising=False)
    with pytest.raises(InvalidSettings, match=r"functions\.f\.environment\.X"):
        _read(tmp_path, {"f": {"handler": "a.b", "environment": {"X": variable}}})


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match=r"nowhere\.yml"):
        read_functions(tmp_path / "nowhere.yml", stage="test", ssm=_lookup)


def _schedule(**keys: Any) -> dict[str, Any]:
    return {"f": {"handler": "a.b", "events": [{"schedule": keys}]}}


@pytest.mark.parametrize(
    ("rate", "seconds"),
    [("rate(1 minute)", 60), ("rate(15 minutes)", 900), ("rate(2 hours)", 7200), ("rate(1 day)", 86400)],
)
def test_a_schedule_wakes_at_its_rate_with_its_input(tmp_path: Path, rate: str, seconds: int) -> None:
    (trigger,) = _read(tmp_path, _schedule(rate=rate, input={"what": "crawls"}))["f"].schedules
    assert (trigger.every_s, trigger.event) == (seconds, {"what": "crawls"})


@pytest.mark.parametrize("rate", ["cron(0 12 * * ? *)", "rate(a minute)", "15 minutes", ""])
def test_a_schedule_that_the_loop_does_not_know_is_an_error(tmp_path: Path, rate: str) -> None:
    with pytest.raises(InvalidSettings, match="rate"):
        _read(tmp_path, _schedule(rate=rate))
