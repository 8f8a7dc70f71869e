"""Clients of AWS that all tests of a process share: making one costs as much as ten requests to moto."""

import os
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

_create = boto3.client
SECRET = "testing"
_ACCOUNT = {
    "aws_access_key_id": "testing",
    "aws_secret_access_key": SECRET,
    "region_name": "eu-central-1",
}
_PLACE = ("AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL")


def client(service: Any, *, config: Config | None = None, **options: Any) -> Any:
    """What `boto3.client` gives, made once per service, place and configuration: who stubs one makes it of its own."""
    environment = tuple((name, os.environ.get(name)) for name in _PLACE)
    given = tuple(sorted(options.items()))
    return _made(service, environment, given, _Equal(config))


class _Equal:
    """A configuration that equals another one of the same content."""

    def __init__(self, config: Config | None) -> None:
        self.config = config
        self._content = repr(sorted(vars(config)["_user_provided_options"].items())) if config else ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Equal) and self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)


@cache
def _made(
    service: Any, environment: tuple[tuple[str, str | None], ...], given: tuple[tuple[str, Any], ...], config: _Equal
) -> Any:
    region = dict(environment)["AWS_DEFAULT_REGION"]
    options = _ACCOUNT | ({"region_name": region} if region else {}) | dict(given)
    return _create(service, config=config.config, **options)
