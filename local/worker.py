"""A warm worker: one process that runs one handler, event after event, as a Lambda environment does.

Started by `local.functions` as ``python -m local.worker <handler> <file descriptor>``. What the handler prints and
its tracebacks go to stderr and stdout, which are the function's log file.
"""

import contextlib
import importlib
import json
import logging
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.channel import open_channel

Handler = Callable[[dict[str, Any], Any], Any]


@dataclass(frozen=True, slots=True)
class Context:
    """What Lambda hands to a handler besides its event."""

    function_name: str
    memory_limit_in_mb: int
    aws_request_id: str
    deadline: float
    invoked_function_arn: str
    function_version: str = "$LATEST"
    log_group_name: str = ""
    log_stream_name: str = ""
    identity: None = None
    client_context: None = None
    _started: float = field(default_factory=time.time)

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is killed."""
        return max(0, int((self.deadline - time.time()) * 1000))


def load_handler(path: str) -> Handler:
    """The callable at `package.module.name`."""
    module, _, name = path.rpartition(".")
    handler: Handler = getattr(importlib.import_module(module), name)
    return handler


def context_for(request: dict[str, Any]) -> Context:
    """The context of one invocation, timed from now."""
    name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
    return Context(
        function_name=name,
        memory_limit_in_mb=int(os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]),
        aws_request_id=request["request_id"],
        deadline=time.time() + request["timeout_s"],
        invoked_function_arn=f"arn:aws:lambda:{os.environ['AWS_REGION']}:000000000000:function:{name}",
        log_group_name=f"/aws/lambda/{name}",
    )


def answer(handler: Handler, request: dict[str, Any]) -> bytes:
    """The handler's result or its error, as JSON. The traceback goes to the log."""
    try:
        result = handler(request["event"], context_for(request))
        return json.dumps({"result": result}).encode()
    except Exception as error:  # noqa: BLE001 (whatever a handler raises is the answer of its function)
        traceback.print_exc()
        return json.dumps({"error": {"type": type(error).__name__, "message": str(error)[:500]}}).encode()


def main(arguments: list[str]) -> None:
    """Serve until the line to the stack ends."""
    handler_path, fd = arguments
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the stack's business, it lets work in hand finish
    connection, inbox = open_channel(int(fd))
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "WARNING"), stream=sys.stderr)
    handler = load_handler(handler_path)
    with contextlib.suppress(BrokenPipeError):
        connection.send_bytes(b'{"ready": true}')
        while True:
            reply = answer(handler, json.loads(inbox.get()))
            sys.stdout.flush()
            connection.send_bytes(reply)


if __name__ == "__main__":
    main(sys.argv[1:])
