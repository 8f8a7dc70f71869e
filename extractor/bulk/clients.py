"""AWS for a worker: one client of each kind per process, which waits where AWS asks it to."""

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client

_PATIENT = Config(retries={"mode": "adaptive", "total_max_attempts": 10}, connect_timeout=5, read_timeout=30)


@cache
def s3() -> "S3Client":
    """Where audio is, and embeddings go."""
    return boto3.client("s3", config=_PATIENT)


@cache
def dynamodb() -> "DynamoDBClient":
    """Where tracks are."""
    return boto3.client("dynamodb", config=_PATIENT)
