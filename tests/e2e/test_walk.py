"""The OpenAPI document against the stack that `make up` runs; last in the folder, since a walk starts crawls."""

from typing import Any

import pytest
from schemathesis import GenerationMode

from tests.document import OPERATIONS, assert_keeps_its_promises, takes_input
from tests.e2e.conftest import LocalStack


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_the_running_stack_keeps_what_its_document_promises(crawled: LocalStack, operation: Any) -> None:
    url = f"http://127.0.0.1:{crawled.port}"
    assert_keeps_its_promises(url, operation, GenerationMode.POSITIVE, examples=4)
    if takes_input(operation):
        assert_keeps_its_promises(url, operation, GenerationMode.NEGATIVE, examples=4)
