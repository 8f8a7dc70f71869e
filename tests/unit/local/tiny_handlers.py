"""Handlers for tests of the event loop; each runs in a worker process of its own and notes its events."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any


def note(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Append the event to a file named after the function."""
    _append(context.function_name, event)
    return {"batchItemFailures": []}


def moody(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Do what a body asks for: `die`, `hang`, `raise`, `spawn`; a message with the body `bad` is reported as failed."""
    _append(context.function_name, event)
    bodies = [record["body"] for record in event["Records"]]
    if "die" in bodies:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "hang" in bodies:
        time.sleep(60)
    if "raise" in bodies:
        raise ValueError("this message is not to be had")
    if "spawn" in bodies:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        _append("spawned", child.pid)
    failures = [record["messageId"] for record in event["Records"] if record["body"] == "bad"]
    return {
        "batchItemFailures": [{"itemIdentifier": identifier} for identifier in failures],
        "left_ms": context.get_remaining_time_in_millis(),
        "request_id": context.aws_request_id,
    }


def poisoned(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Raise when the batch names the track `poison`."""
    _append(context.function_name, event)
    if any(record["dynamodb"]["Keys"]["track_id"]["S"] == "poison" for record in event["Records"]):
        raise ValueError("poison")
    return {"batchItemFailures": []}


def _append(name: str, line: Any) -> None:
    with (Path(os.environ["TINY_DIR"]) / f"{name}.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")


async def app(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application that says hello."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        await send({"type": "http.response.body", "body": b"hello"})


def warned(event: dict[str, Any], context: Any) -> None:
    """Do what libraries do that have something to say, then fail."""
    logging.getLogger("some.library").warning("of a library")
    warnings.warn("an old call", UserWarning, stacklevel=1)
    raise ValueError("after the warnings")
