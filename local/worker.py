"""A warm worker: one process that runs one handler, event after event, as a Lambda environment does.

Started by `local.functions` as ``python -m local.worker <handler> <file descriptor>``. What the handler prints and
what it raises go to stdout and stderr, which are the function's log file: a JSON line each, as on AWS.
"""

import contextlib
import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from earshot.telemetry import logger
from local.channel import Event, Reply, Request, open_channel
from local.json_lines import warnings_as_json

Handler = Callable[[Event, "Context"], object]


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

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is killed."""
        return max(0, int((self.deadline - time.time()) * 1000))


def load_handler(path: str) -> Handler:
    """The callable at `package.module.name`."""
    module, _, name = path.rpartition(".")
    handler: Handler = getattr(importlib.import_module(module), name)
    return handler


def context_for(request: Request) -> Context:
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


def answer(handler: Handler, request: Request) -> bytes:
    """The handler's result or its error, as JSON. The traceback goes to the log."""
    reply: Reply
    try:
        reply = {"result": handler(request["event"], context_for(request))}
        return json.dumps(reply).encode()
    except Exception as error:  # noqa: BLE001 (whatever a handler raises is the answer of its function)
        logger().exception("the function has failed")
        reply = {"error": {"type": type(error).__name__, "message": str(error)[:500]}}
        return json.dumps(reply).encode()


def main(arguments: list[str]) -> None:
    """Serve until the line to the stack ends."""
    handler_path, fd = arguments
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the stack's business, it lets work in hand finish
    connection, inbox = open_channel(int(fd))
    warnings_as_json()
    handler = load_handler(handler_path)
    with contextlib.suppress(BrokenPipeError):
        connection.send_bytes(b'{"ready": true}')
        while True:
            reply = answer(handler, json.loads(inbox.get()))
            sys.stdout.flush()
            connection.send_bytes(reply)


if __name__ == "__main__":
    main(sys.argv[1:])
