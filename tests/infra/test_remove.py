"""`make destroy` leaves nothing behind, and may be run again after it was cut short."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

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
