"""Handlers for tests of the event loop: each run in a worker process of its own."""

import json
import os
from pathlib import Path
from typing import Any


def note(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Append the event to a file named after the function."""
    with (Path(os.environ["TINY_DIR"]) / f"{context.function_name}.jsonl").open("a") as file:
        file.write(json.dumps(event) + "\n")
    return {"batchItemFailures": []}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application that says hello."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        await send({"type": "http.response.body", "body": b"hello"})
