"""The OpenAPI document against the stack that `make up` runs."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from schemathesis import GenerationMode

from tests.corpus import clips
from tests.document import OPERATIONS, assert_keeps_its_promises, takes_input
from tests.e2e.conftest import LocalStack


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A stack of its own, since a walk through the document also starts crawls; a few real tracks are searchable."""
    music = tmp_path_factory.mktemp("walked-music")
    for clip in clips()[:6]:
        shutil.copy(clip.path, music / f"{clip.clip_id}.mp3")
    stack = LocalStack(tmp_path_factory.mktemp("walked") / "state")
    stack.up()
    try:
        run = stack.run("crawl", str(music))
        assert run.returncode == 0, run.stdout + run.stderr
        yield stack
    finally:
        stack.stop()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_the_running_stack_keeps_what_its_document_promises(walked: LocalStack, operation: Any) -> None:
    url = f"http://127.0.0.1:{walked.port}"
    assert_keeps_its_promises(url, operation, GenerationMode.POSITIVE, examples=4)
    if takes_input(operation):
        assert_keeps_its_promises(url, operation, GenerationMode.NEGATIVE, examples=4)
