"""The embedded AWS: MiniStack on 127.0.0.1 for S3, SQS, SNS, DynamoDB with streams and SSM.

It writes what it holds when it is told to end (S3 objects at once), and it is told so even when the stack was killed.
"""

import contextlib
import fcntl
import http.client
import json
import os
import runpy
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from earshot.errors import LocalStackError
from local.channel import open_channel
from local.process import Child

STOP_TIMEOUT_S = 60.0
_PREDECESSOR_S = 60.0
_START_TIMEOUT_S = 60.0
_DESCRIPTION = ".meta.json"
_SAVED_SERVICES = ("dynamodb", "sns", "sqs", "ssm")
"""Those whose state `create_all` has made part of every run."""


def start(port: int, *, state: Path, log: Path, env: Mapping[str, str]) -> Child:
    """Start it, its objects mended if it died hard; `wait_until_it_answers` must follow.

    Args:
        port: its port on 127.0.0.1.
        state: folder for everything it holds.
        log: where its output goes.
        env: environment to start from.
    """
    if died_hard(state):
        _mend_descriptions(state / "s3")
    temporary = state / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    return Child(
        "local.embedded_aws",
        [],
        log=log,
        env={
            **env,
            "BIND_HOST": "127.0.0.1",  # the default is every interface
            "GATEWAY_PORT": str(port),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(state / "services"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(state / "s3"),
            "MINISTACK_REGION": env["AWS_REGION"],
            "TMPDIR": str(temporary),
            "LOG_LEVEL": "WARNING",
        },
    )


def wait_until_it_answers(child: Child, port: int) -> None:
    """Wait for what `start` has started.

    Raises:
        LocalStackError: it ended or stayed silent.
    """
    deadline = time.monotonic() + _START_TIMEOUT_S
    while not healthy(port):
        if not child.alive() or time.monotonic() > deadline:
            child.kill()
            raise LocalStackError("the embedded AWS did not start", hint=f"Its log says why: {child.log}")
        time.sleep(0.02)


def wait_for_predecessor(state: Path) -> None:
    """Wait until no embedded AWS runs on `state` any more: one that was told to end frees its port, then saves.

    Raises:
        LocalStackError: it takes too long.
    """
    if not state.exists():
        return
    deadline = time.monotonic() + _PREDECESSOR_S
    while True:
        try:
            os.close(own(state))
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise LocalStackError(
                    f"the embedded AWS of an earlier stack still saves its state in {state}",
                    hint="Wait for its end, then start again.",
                ) from None
            time.sleep(0.05)
        else:
            return


def show_received(state: Path) -> None:
    """Let messages be seen again that functions were working on when the stack that has saved them died.

    Nobody works on them any more, and a crawl's or a change's would stay hidden for another five minutes.
    """
    file = state / "services" / "sqs.json"
    if died_hard(state) or not file.exists():
        return
    saved = json.loads(file.read_text(encoding="utf-8"))
    for queue in saved["payload"]["queues"]["data"].values():
        for message in queue["messages"]:
            if message["receive_count"]:  # else it is one that was sent to be seen later
                message["visible_at"] = 0
    beside = file.with_suffix(".new")
    beside.write_text(json.dumps(saved), encoding="utf-8")
    beside.replace(file)


def own(state: Path) -> int:
    """The descriptor of a lock on `state` that lasts until it is closed or its process ends.

    Raises:
        BlockingIOError: somebody else has it.
    """
    descriptor = os.open(state / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    return descriptor


def died_hard(state: Path) -> bool:
    """Whether its last run ended without saving: then only S3 objects are up to date, all else is old or gone."""
    return state.exists() and not _saved_marker(state).exists()


def _has_saved(services: Path, since: float) -> bool:
    """Whether all state was written after `since` (MiniStack logs a failure to write and ends as if all were well)."""
    files = [services / f"{name}.json" for name in _SAVED_SERVICES]
    return all(file.exists() and file.stat().st_mtime >= since for file in files)


def _mend_descriptions(objects: Path) -> None:
    """Have size, ETag and checksums computed anew where the kill came between an object and the file describing it."""
    for description in objects.rglob(f"*{_DESCRIPTION}"):
        content = description.with_name(description.name.removesuffix(_DESCRIPTION))
        if content.is_file() and content.stat().st_mtime_ns > description.stat().st_mtime_ns:
            known = json.loads(description.read_text(encoding="utf-8"))
            for name in ("size", "etag", "checksums"):
                known.pop(name, None)
            description.write_text(json.dumps(known), encoding="utf-8")


def _saved_marker(state: Path) -> Path:
    return state / "saved"


def healthy(port: int) -> bool:
    """Whether it answers on `port`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def main(fd: int) -> None:
    """Run MiniStack here until SIGTERM, or until the line to the stack ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    open_channel(fd, on_end=signal.SIGTERM)
    services = Path(os.environ["STATE_DIR"])
    own(services.parent)  # until this process is gone
    saved = _saved_marker(services.parent)
    saved.unlink(missing_ok=True)
    began = time.time()
    sys.argv = ["ministack"]
    with contextlib.suppress(SystemExit):
        runpy.run_module("ministack", run_name="__main__")
    if _has_saved(services, began):
        saved.touch()


if __name__ == "__main__":
    os.chdir(os.environ["TMPDIR"])
    main(int(sys.argv[1]))
