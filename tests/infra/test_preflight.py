"""What is in the way of a deployment is named before anything is made: settings, account, region, a stuck stack."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import yaml
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from earshot.errors import InvalidSettings
from scripts import preflight
from scripts.account import check
from scripts.preflight import READ_BY, check_settings, environment_of, reserved
from tests.aws import account
from tests.infra import terraform

_SERVERLESS: dict[str, Any] = yaml.safe_load((terraform.ROOT / "serverless.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"EARSHOT_PROVIDERS": "file,deezr"}, "EARSHOT_PROVIDERS: .*deezr"),
        ({"EARSHOT_RECIPES": "musicnn-msd@1-65d"}, "musicnn-msd@1-65d"),
        ({"EARSHOT_MODEL": "musicnn@1"}, "EARSHOT_MODEL='musicnn@1'"),
        ({"EARSHOT_API_KEYS": "my-key"}, "EARSHOT_API_KEYS: .*never a key itself"),
        ({"EARSHOT_CONTACT": "Zoë"}, "EARSHOT_CONTACT"),
        ({"EARSHOT_ARCHITECTURE": "aarch64"}, "EARSHOT_ARCHITECTURE=aarch64: choose from arm64, x86_64"),
        ({"EARSHOT_PROVIDER": "deezer"}, "EARSHOT_PROVIDER is no setting"),
        ({"EARSHOT_ALLOWED_HOST": "example.org"}, "EARSHOT_ALLOWED_HOST is no setting"),
    ],
)
def test_what_a_function_would_refuse_or_never_see_is_named(settings: dict[str, str], named: str) -> None:
    with pytest.raises(InvalidSettings, match=named):
        check_settings("dev", settings)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"EARSHOT_PROVIDERS": "", "EARSHOT_API_KEYS": "", "EARSHOT_MODEL": "", "EARSHOT_RECIPES": ""},
        {"EARSHOT_PROVIDERS": "manifest,deezer", "EARSHOT_API_KEYS": "open", "EARSHOT_RECIPES": "musicnn-msd@1-64d"},
        {"EARSHOT_FOLDER_ROOTS": "/music", "EARSHOT_SHARED": "elsewhere"},
    ],
)
def test_what_works_passes_and_a_workflows_empty_variables_are_as_good_as_none(settings: dict[str, str]) -> None:
    check_settings("dev", settings)


@pytest.mark.parametrize("stage", ["Dev", "1st", "a-stage-of-17-chars", ""])
def test_a_stage_that_no_bucket_can_be_named_after_is_refused(stage: str) -> None:
    with pytest.raises(InvalidSettings, match="no name for a stage"):
        check_settings(stage, {})


def test_the_settings_of_every_function_are_read() -> None:
    assert set(READ_BY) == set(_SERVERLESS["functions"])
    assert environment_of(_SERVERLESS, "api", {"EARSHOT_API_KEYS": "open"})["EARSHOT_API_KEYS"] == "open"


def test_what_a_stage_reserves_is_what_serverless_yml_says() -> None:
    document = {
        "functions": {"one": {"reservedConcurrency": 2}, "two": {}},
        "params": {"default": {"apiWarm": 0}, "prod": {"apiWarm": 3}},
    }
    assert (reserved(document, "dev"), reserved(document, "prod")) == (2, 5)


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"apiSnapStart": True, "apiWarm": 1, "rollout": "at-once"}, "exclude each other"),
        ({"apiSnapStart": False, "apiWarm": 0, "rollout": "canary"}, "wants apiSnapStart"),
    ],
)
def test_parameters_that_do_not_fit_are_named(parameters: dict[str, object], named: str) -> None:
    with pytest.raises(InvalidSettings, match=named):
        preflight._parameters_fit(parameters)


def test_the_parameters_of_every_stage_fit() -> None:
    for stage in ("dev", "prod", "another"):
        check_settings(stage, {})


class _Aws:
    """An account whose Lambda has these limits."""

    region_name = "eu-central-1"

    def __init__(self, concurrent: int = 10, code_bytes: int = 0) -> None:
        self.clients: dict[str, Any] = {}
        self._lambda = boto3.Session().client("lambda")  # the shared ones are not to be stubbed
        stubber = Stubber(self._lambda)
        limits = {"ConcurrentExecutions": concurrent, "TotalCodeSize": 80_000_000_000}
        answer = {"AccountLimit": limits, "AccountUsage": {"TotalCodeSize": code_bytes}}
        stubber.add_response("get_account_settings", answer)
        stubber.activate()
        self.clients["lambda"] = self._lambda

    def client(self, service: Any) -> Any:
        return self.clients.get(service) or boto3.client(service)


@pytest.fixture(autouse=True)
def _account() -> Iterator[None]:
    with account():
        yield


def test_a_new_account_with_ten_executions_can_take_a_deployment() -> None:
    found = check(_Aws(concurrent=10), "dev")
    assert (found.number, found.region, found.is_narrow) == ("123456789012", "eu-central-1", True)
    assert not check(_Aws(concurrent=1000), "dev").is_narrow


def test_a_quota_too_small_for_what_is_reserved_is_named() -> None:
    with pytest.raises(InvalidSettings, match="may run 10 functions at a time") as refused:
        check(_Aws(concurrent=10), "dev", reserved=1)
    assert "Service Quotas" in refused.value.hint
    assert check(_Aws(concurrent=1000), "dev", reserved=1).concurrent == 1000


def test_code_that_no_longer_fits_into_the_account_is_named() -> None:
    with pytest.raises(InvalidSettings, match=r"79\.9 GB of code"):
        check(_Aws(code_bytes=79_900_000_000), "dev")


def test_a_service_that_the_region_lacks_is_named() -> None:
    aws = _Aws()
    aws.clients["apigatewayv2"] = _Unreachable()
    with pytest.raises(InvalidSettings, match="apigatewayv2 does not answer in eu-central-1"):
        check(aws, "dev")


class _Unreachable:
    def get_apis(self, **_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://apigateway.eu-centrl-1.amazonaws.com/")


def test_being_refused_by_a_service_shows_that_it_is_there() -> None:
    aws = _Aws()
    refusing = boto3.Session().client("sns")
    stubber = Stubber(refusing)
    stubber.add_client_error("list_topics", "AuthorizationError", "not authorized", http_status_code=403)
    stubber.activate()
    aws.clients["sns"] = refusing
    assert check(aws, "dev").number == "123456789012"


def test_a_stage_that_lives_in_another_region_is_not_torn_out_of_it() -> None:
    boto3.client("s3", region_name="eu-west-1").create_bucket(
        Bucket="earshot-dev-index-123456789012", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    with pytest.raises(InvalidSettings, match="stage dev lives in eu-west-1, and AWS_REGION says eu-central-1"):
        check(_Aws(), "dev")
    assert check(_Aws(), "prod").region == "eu-central-1"


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        ("ROLLBACK_COMPLETE", "Its first deployment failed"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
        ("UPDATE_IN_PROGRESS", "Wait until"),
    ],
)
def test_a_stack_that_cannot_be_updated_is_named(status: str, hint: str) -> None:
    aws = _Aws()
    aws.clients["cloudformation"] = _stack(status)
    with pytest.raises(InvalidSettings, match=status) as refused:
        check(aws, "dev")
    assert hint.lower() in refused.value.hint.lower()


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_a_stack_that_can_be_updated_passes(status: str) -> None:
    aws = _Aws()
    aws.clients["cloudformation"] = _stack(status)
    check(aws, "dev")


def _stack(status: str) -> Any:
    client = boto3.Session().client("cloudformation")
    stubber = Stubber(client)
    described = {"StackName": "earshot-dev", "CreationTime": "2026-01-01T00:00:00Z", "StackStatus": status}
    stubber.add_response("describe_stacks", json.loads(json.dumps({"Stacks": [described]})))
    stubber.activate()
    return client


def test_missing_credentials_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(InvalidSettings, match="credentials"):
        check(boto3.Session(region_name="eu-central-1"), "dev")
