"""Walks the OpenAPI document against a running server: what it promises must hold for whatever is asked."""

import json
from collections.abc import Collection
from typing import Any, cast

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.http.families import FAMILIES
from api.http.openapi import document_text

_SCHEMA = schemathesis.openapi.from_dict(json.loads(document_text()))
_ALL: list[Any] = [cast(Any, found).ok() for found in _SCHEMA.get_all_operations()]
OPERATIONS = [operation for operation in _ALL if not FAMILIES & {*operation.tags}]
"""Those of our own contract: what other protocols define has tests of its own."""
_CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def takes_input(operation: Any) -> bool:
    """Whether there is anything in a request of the operation that could be wrong."""
    return any(True for _ in operation.iter_parameters()) or bool(operation.body)


_FOR_FOLDERS = {"GET /similar", "POST /similar", "POST /extend", "GET /path", "GET /search", "GET /queries/{query_id}"}
"""Open to everybody, except for who asks for a folder."""


def needs_a_key(operation: Any) -> bool:
    """Whether the document says so for whatever is asked."""
    return "401" in operation.definition.raw["responses"] and operation.label not in _FOR_FOLDERS


def assert_keeps_its_promises(
    url: str,
    operation: Any,
    mode: GenerationMode,
    *,
    examples: int,
    key: str | None = None,
    statuses: Collection[int] | None = None,
) -> None:
    """No 5xx, no undocumented status, no answer that breaks its schema; of `statuses` where these are given.

    `key`: sent with every request.
    """
    headers = {"X-Api-Key": key} if key else {}

    @settings(
        max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        answer = case.call(base_url=url, headers=headers)
        case.validate_response(answer, checks=_CHECKS)
        assert statuses is None or answer.status_code in statuses, answer.text

    check()
