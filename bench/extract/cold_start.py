"""Cold starts: import and session in a fresh process, and the function under the real Lambda runtime client."""

import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_EVENTS = _ROOT / "tests" / "events"
_INIT = """
import time; started = time.perf_counter()
import extractor.handler
from extractor import bootstrap
bootstrap.previews()
import sys; assert not {"tensorflow", "keras", "librosa"} & set(sys.modules)
print(time.perf_counter() - started)
"""
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_REGION": "eu-central-1",
    "EARSHOT_TRACKS_TABLE": "earshot-bench-tracks",
    "EARSHOT_PREVIEWS_BUCKET": "earshot-bench-previews",
    "EARSHOT_MAX_TRIES": "5",
}


def import_and_session_s(rounds: int = 5) -> float:
    """Seconds from the first import to a service ready for its first event, best of some fresh processes."""
    return min(
        float(
            subprocess.run(
                [sys.executable, "-c", _INIT], env=_environment(), cwd=_ROOT, capture_output=True, text=True, check=True
            ).stdout
        )
        for _ in range(rounds)
    )


def lambda_client_s(rounds: int = 3) -> dict[str, float]:
    """Seconds under awslambdaric: until the runtime asks for its first event, and until it has answered it."""
    outcomes = [_under_runtime_client() for _ in range(rounds)]
    return {name: min(outcome[name] for outcome in outcomes) for name in outcomes[0]}


def _environment() -> dict[str, str]:
    return {**os.environ, **_ENVIRONMENT, "PYTHONPATH": str(_ROOT)}


class _RuntimeApi(ThreadingHTTPServer):
    """Lambda's runtime API with one event to give: an SQS batch with the test event of a new notification."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """The client is killed while it waits for another event: that is how a measurement ends."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked_at = self.answered_at = 0.0
        self.answer: object = None
        self.done = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    server: _RuntimeApi
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The next event; the second time, none."""
        if self.server.asked_at:
            self.server.done.wait(30)
            return
        self.server.asked_at = time.perf_counter()
        record = json.loads((_EVENTS / "sqs_message.json").read_text())["Records"][0]
        record["body"] = (_EVENTS / "s3_test_event.json").read_text()
        body = json.dumps({"Records": [record]}).encode()
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "bench-1")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 60_000))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:123456789012:function:x")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """The function's answer."""
        self.server.answer = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.answered_at = time.perf_counter()
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.done.set()

    def log_request(self, *_: object) -> None:
        """Quiet."""


def _under_runtime_client() -> dict[str, float]:
    with _RuntimeApi() as api:
        threading.Thread(target=api.serve_forever, daemon=True).start()
        environment = _environment() | {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "earshot-bench-extract",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
            "LAMBDA_TASK_ROOT": str(_ROOT),
            "_HANDLER": "extractor.handler.extract",
        }
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", "extractor.handler.extract"],
            env=environment,
            cwd=_ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            if not api.done.wait(60) or api.answer != {"batchItemFailures": []}:
                raise RuntimeError(f"the function answered {api.answer!r}")
        finally:
            process.kill()
            process.wait()
            api.shutdown()
        return {"init_s": api.asked_at - started, "first_answer_s": api.answered_at - started}
