"""`make destroy` leaves nothing behind, and may be run again after it was cut short."""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from earshot.errors import InvalidSettings
from scripts.account import check
from scripts.api_keys import keys_of
from scripts.remove import remove
from tests.aws import account

_LOGIN = "/earshot/dev/secrets/spotify_login"


@pytest.fixture
def session() -> Iterator[boto3.Session]:
    with account():
        yield boto3.Session()


def _deploy(session: boto3.Session) -> str:
    """A stack as osls leaves it: with packages in its bucket, and a login beside it. Returns the bucket's name."""
    template = {"Resources": {"ServerlessDeploymentBucket": {"Type": "AWS::S3::Bucket"}}}
    cloudformation = session.client("cloudformation")
    cloudformation.create_stack(StackName="earshot-dev", TemplateBody=json.dumps(template))
    (resource,) = cloudformation.list_stack_resources(StackName="earshot-dev")["StackResourceSummaries"]
    bucket: str = resource["PhysicalResourceId"]
    session.client("s3").put_object(Bucket=bucket, Key="serverless/earshot/dev/1/api.zip", Body=b"zip")
    session.client("ssm").put_parameter(Name=_LOGIN, Value="{}", Type="SecureString")
    return bucket


def test_functions_packages_and_logins_are_gone_afterwards(session: boto3.Session) -> None:
    bucket = _deploy(session)
    assert remove(session, "dev")
    assert session.client("cloudformation").list_stacks(StackStatusFilter=["CREATE_COMPLETE"])["StackSummaries"] == []
    assert bucket not in [entry["Name"] for entry in session.client("s3").list_buckets()["Buckets"]]
    assert session.client("ssm").get_parameters(Names=[_LOGIN])["Parameters"] == []


def test_removing_again_or_what_never_was_changes_nothing(session: boto3.Session) -> None:
    assert not remove(session, "dev")
    _deploy(session)
    remove(session, "dev")
    assert not remove(session, "dev")


def test_other_stages_are_left_alone(session: boto3.Session) -> None:
    _deploy(session)
    assert not remove(session, "prod")
    assert session.client("ssm").get_parameters(Names=[_LOGIN])["Parameters"]


class _Account:
    """A session whose Lambda says how many functions may run at a time."""

    region_name = "eu-central-1"

    def __init__(self, session: boto3.Session, concurrent: int) -> None:
        self._session = session
        self._lambda = session.client("lambda")
        stubber = Stubber(self._lambda)
        stubber.add_response("get_account_settings", {"AccountLimit": {"ConcurrentExecutions": concurrent}})
        stubber.activate()

    def client(self, service: Any) -> Any:
        return self._lambda if service == "lambda" else self._session.client(service)


def test_a_new_accounts_small_quota_is_named_before_anything_is_made(session: boto3.Session) -> None:
    with pytest.raises(InvalidSettings, match="10 functions at a time") as refused:
        check(_Account(session, 10))
    assert "Service Quotas" in refused.value.hint
    assert check(_Account(session, 1000)) == "123456789012"


class _Deployed:
    """A stage whose api function has these variables, or None where there is no such function."""

    region_name = "eu-central-1"

    def __init__(self, variables: dict[str, str] | None) -> None:
        self._lambda = boto3.client("lambda", region_name="eu-central-1")
        stubber = Stubber(self._lambda)
        if variables is None:
            stubber.add_client_error("get_function_configuration", "ResourceNotFoundException")
        else:
            stubber.add_response("get_function_configuration", {"Environment": {"Variables": variables}})
        stubber.activate()

    def client(self, _: str) -> Any:
        return self._lambda


_DIGEST = {"EARSHOT_API_KEYS": "ab" * 32}


@pytest.mark.parametrize("settings", [{}, {"EARSHOT_API_KEYS": ""}, {"EARSHOT_API_KEYS": "  "}])
def test_a_setting_that_was_forgotten_or_is_empty_leaves_the_keys_of_a_stage_as_they_are(
    settings: dict[str, str],
) -> None:
    assert keys_of(_Deployed(_DIGEST), "dev", settings) == (_DIGEST["EARSHOT_API_KEYS"], None)


def test_keys_are_replaced_and_an_api_is_opened_by_saying_so() -> None:
    assert keys_of(_Deployed(_DIGEST), "dev", {"EARSHOT_API_KEYS": "cd" * 32}) == ("cd" * 32, None)
    assert keys_of(_Deployed(_DIGEST), "dev", {"EARSHOT_API_KEYS": "open"}) == ("open", None)


@pytest.mark.parametrize("variables", [None, {}, {"EARSHOT_API_KEYS": ""}])
def test_a_stage_without_keys_gets_one_of_its_own(variables: dict[str, str] | None) -> None:
    value, key = keys_of(_Deployed(variables), "dev", {})
    assert key is not None
    assert len(key) >= 32
    assert value == sha256(key.encode()).hexdigest()
    assert keys_of(_Deployed(variables), "dev", {}) != (value, key)


def test_missing_credentials_are_named_before_anything_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(InvalidSettings, match="credentials"):
        check(boto3.Session(region_name="eu-central-1"))


def test_what_aws_refuses_is_not_taken_for_gone(session: boto3.Session) -> None:
    cloudformation = session.client("cloudformation")
    stubber = Stubber(cloudformation)
    stubber.add_client_error("list_stack_resources", "AccessDenied", "you may not")
    stubber.activate()

    class Refusing:
        region_name = "eu-central-1"

        def client(self, _: str) -> Any:
            return cloudformation

    with pytest.raises(ClientError, match="you may not"):
        remove(Refusing(), "dev")
