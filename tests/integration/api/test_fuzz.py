"""The whole OpenAPI document, walked by schemathesis, and thousands of requests that mean harm."""

import asyncio
import json
import os
import random
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from schemathesis import GenerationMode

from api.one_machine.asgi import app
from tests.browser.site import Site, running_site
from tests.document import OPERATIONS, assert_keeps_its_promises, takes_input
from tests.integration.api.hostile import hostile_request

REQUESTS = int(os.environ.get("EARSHOT_FUZZ_REQUESTS", "2000"))
"""`make fuzz` sends more."""
_LEAK = re.compile(
    rb"Traceback|File \"|\.py\b|site-packages|botocore|boto3|ClientError|pydantic|arn:aws|/tmp/|amazonaws|0x[0-9a-f]{8}"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A catalogue of 246 tracks behind an api."""
    with running_site(tmp_path_factory.mktemp("fuzz")) as site:
        yield site


CASES = [(operation, GenerationMode.POSITIVE) for operation in OPERATIONS] + [
    (operation, GenerationMode.NEGATIVE) for operation in OPERATIONS if takes_input(operation)
]


@pytest.mark.parametrize(
    ("operation", "mode"), CASES, ids=lambda part: getattr(part, "label", None) or getattr(part, "value", None)
)
def test_every_answer_is_one_that_the_document_promises(site: Site, operation: Any, mode: GenerationMode) -> None:
    assert_keeps_its_promises(site.url, operation, mode, examples=6)


def test_thousands_of_hostile_requests_break_nothing_and_learn_nothing(site: Site) -> None:
    dice = random.Random(20261120)
    answers = asyncio.run(_attack([hostile_request(dice, site.own_track) for _ in range(REQUESTS)]))
    assert len(answers) == REQUESTS
    broken = [(request, status) for request, status, _ in answers if status >= 500]
    assert broken == []
    # 201 carries the address of an upload, which is meant to be known.
    leaks = [(request, body[:300]) for request, status, body in answers if status != 201 and _LEAK.search(body)]
    assert leaks == []
    for request, status, body in answers:  # clients of ListenBrainz take an error without a code for none
        if request["path"].startswith("/1/") and request["method"] not in ("HEAD", "OPTIONS"):
            assert status == 200 or json.loads(body)["code"] == status, request
    assert len({status for _, status, _ in answers}) > 5  # they did reach the code: 200s as well as refusals


async def _attack(requests: list[dict[str, Any]]) -> list[tuple[dict[str, Any], int, bytes]]:
    answers = []
    for request in requests:
        status, body = await _send(request)
        answers.append((request, status, body))
    return answers


async def _send(request: dict[str, Any]) -> tuple[int, bytes]:
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": request["method"],
        "path": unquote(request["path"]),
        "query_string": request["query"].encode("utf-8", "surrogatepass"),
        "headers": request["headers"],
        "client": ("127.0.0.1", 1),
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": request["body"], "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])
