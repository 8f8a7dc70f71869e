from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from earshot.stores.previews_bucket import PreviewsBucket
from earshot.stores.tracks_table import TracksTable
from tests.aws import Account, account

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client


@pytest.fixture
def aws() -> Iterator[Account]:
    with account() as aws:
        yield aws


@pytest.fixture
def dynamodb(aws: Account) -> "DynamoDBClient":
    """With a table ``tracks``."""
    aws.tracks_table()
    return aws.dynamodb


@pytest.fixture
def table(dynamodb: "DynamoDBClient") -> TracksTable:
    return TracksTable(dynamodb, "tracks")


@pytest.fixture
def s3(aws: Account) -> "S3Client":
    """With a bucket ``previews``."""
    aws.previews_bucket()
    return aws.s3


@pytest.fixture
def bucket(s3: "S3Client") -> PreviewsBucket:
    return PreviewsBucket(s3, "previews")
