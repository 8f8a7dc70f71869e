from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from earshot.previews import PreviewsBucket
from earshot.tracks_table import TracksTable


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("AWS_DEFAULT_REGION", "eu-central-1"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


@pytest.fixture
def dynamodb(aws: None) -> Any:
    client = boto3.client("dynamodb")
    client.create_table(
        TableName="tracks",
        KeySchema=[{"AttributeName": "track_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "track_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    return client


@pytest.fixture
def table(dynamodb: Any) -> TracksTable:
    return TracksTable(dynamodb, "tracks")


@pytest.fixture
def s3(aws: None) -> Any:
    client = boto3.client("s3")
    client.create_bucket(Bucket="previews", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return client


@pytest.fixture
def bucket(s3: Any) -> PreviewsBucket:
    return PreviewsBucket(s3, "previews")
