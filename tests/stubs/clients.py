"""Clients of AWS that all tests of a process share: making one costs as much as ten requests to moto."""

import copy
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
    """What `boto3.client` gives, made once per service, place and configuration."""
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
    made = _create(service, config=config.config, **options)
    _listening.append(_Listeners(made))
    return made


class _Listeners:
    """Who hears of a client's requests, as it was made."""

    def __init__(self, made: Any) -> None:
        self._emitter = made.meta.events._emitter
        self._handlers, self._unique = copy.copy(self._emitter._handlers), dict(self._emitter._unique_id_handlers)
        self._seen = self._emitter._lookup_cache  # another one after every change

    def restore(self) -> None:
        if self._emitter._lookup_cache is not self._seen:
            self._emitter._handlers, self._emitter._unique_id_handlers = copy.copy(self._handlers), dict(self._unique)
            self._emitter._lookup_cache = self._seen = {}


_listening: list[_Listeners] = []


def restore_listeners() -> None:
    """Take off what a test has hung on shared clients: stubs, counters, what kills it half way."""
    for one in _listening:
        one.restore()
