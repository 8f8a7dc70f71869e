"""The local stack in processes of its own, as `make up` starts it, on ports and state of the benchmark's."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_START_S = 120.0
_STOP_S = 60.0


class Client:
    """Talks to the stack's HTTP API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str) -> tuple[int, Any]:
        """Status and JSON body."""
        return self._send("GET", path, None)

    def put(self, path: str) -> tuple[int, Any]:
        """Status and JSON body."""
        return self._send("PUT", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> tuple[int, Any]:
        """Status and JSON body."""
        return self._send("POST", path, json.dumps(body).encode())

    def _send(self, method: str, path: str, body: bytes | None) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json"} if body else {}
        request = urllib.request.Request(self.url + path, body, headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")


@contextmanager
def running_stack(folder: Path, settings: Mapping[str, str]) -> Iterator[Client]:
    """Start the stack with `settings` in its environment, and stop it again."""
    port, aws_port = _free_ports(2)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "EARSHOT_"))} | {
        "EARSHOT_LOCAL_DIR": str(folder / "state"),
        "PORT": str(port),
        "EARSHOT_LOCAL_AWS_PORT": str(aws_port),
        **settings,
    }
    log = folder / "stack.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "local", "up"], cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + _START_S
        while "Earshot is up" not in log.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the stack did not start:\n{log.read_text()}")
            time.sleep(0.1)
        yield Client(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
