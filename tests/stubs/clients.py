"""Clients of AWS that all tests of a process share: making one costs as much as ten requests to moto."""

from functools import cache
from typing import Any

import boto3

_create = boto3.client
_ACCOUNT = {
    "aws_access_key_id": "testing",
    "aws_secret_access_key": "testing",
    "region_name": "eu-central-1",
}


@cache
def client(service: Any, **options: Any) -> Any:
    """What `boto3.client` gives, made once per service and configuration."""
    return _create(service, **_ACCOUNT | options)
