"""Functions in processes of their own: what comes back, and what is left behind."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.functions import STOPPED, Worker
from ops.connection import aws_environment
from tests.integration.local.conftest import Notes

MakeWorker = Callable[..., Worker]


def _event(*bodies: str) -> dict[str, object]:
    return {"Records": [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]}


def _gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_worker_stays_warm_and_knows_its_deadline(make_worker: MakeWorker) -> None:
    worker = make_worker("moody", timeout_s=7)
    first, second = worker.invoke(_event("a")), worker.invoke(_event("b"))
    assert not first.failed
    results: list[Any] = [first.result, second.result]
    assert 6000 < results[0]["left_ms"] <= 7000
    assert results[0]["request_id"] != results[1]["request_id"]
    assert second.seconds < 0.5


def test_an_exception_comes_back_with_its_type_and_the_traceback_is_in_the_log(
    make_worker: MakeWorker, tmp_path: Path
) -> None:
    worker = make_worker("moody")
    outcome = worker.invoke(_event("raise"))
    assert (outcome.error_type, outcome.error) == ("ValueError", "this message is not to be had")
    log = (tmp_path / "logs" / "tiny.log").read_text()
    assert "Traceback" in log
    assert "tiny_handlers.py" in log
    assert not worker.invoke(_event("fine")).failed


def test_a_worker_that_crashes_is_replaced(make_worker: MakeWorker) -> None:
    worker = make_worker("moody")
    outcome = worker.invoke(_event("die"))
    assert outcome.error_type == "Runtime.ExitError"
    assert "SIGSEGV" in outcome.error
    assert not worker.invoke(_event("fine")).failed


def test_a_worker_that_hangs_is_killed_on_its_timeout(make_worker: MakeWorker) -> None:
    worker = make_worker("moody", timeout_s=0.5)
    assert not worker.invoke(_event("warm up")).failed
    began = time.monotonic()
    outcome = worker.invoke(_event("hang"))
    assert outcome.error_type == "Sandbox.Timedout"
    assert time.monotonic() - began < 3
    assert not worker.invoke(_event("fine")).failed


def test_a_handler_that_cannot_be_imported_is_an_error_and_no_storm(make_worker: MakeWorker) -> None:
    worker = make_worker("no_such_handler")
    began = time.monotonic()
    assert worker.invoke(_event("a")).error_type == "Runtime.ExitError"
    assert worker.invoke(_event("a")).error_type == "Runtime.ExitError"
    assert time.monotonic() - began >= 1


def test_what_a_worker_has_started_dies_with_it(make_worker: MakeWorker, notes: Notes) -> None:
    worker = make_worker("moody")
    worker.invoke(_event("spawn"))
    (grandchild,) = notes.of("spawned")
    os.kill(grandchild, 0)
    worker.close()
    assert _gone(grandchild)
    assert worker.invoke(_event("a")).error_type == STOPPED


def test_children_never_see_a_persons_aws_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.setenv(name, "real")
    monkeypatch.setenv("NO_PROXY", "example.org")
    env = aws_environment("http://127.0.0.1:1", "eu-central-1")
    assert "real" not in env.values()
    assert env["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert env["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert set(env["NO_PROXY"].split(",")) == {"example.org", "127.0.0.1", "localhost"}
