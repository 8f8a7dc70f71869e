"""The embedded AWS: MiniStack on 127.0.0.1 for S3, SQS, SNS, DynamoDB with streams and SSM.

What it has answered is on the disk: S3 objects are files, all else is in a state file (`local.write_through`).
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
from local import state_file
from local.channel import open_channel
from local.process import Child
from local.state_file import Flusher, StateFile

STOP_TIMEOUT_S = 60.0
_PREDECESSOR_S = 60.0
_START_TIMEOUT_S = 60.0
_DESCRIPTION = ".meta.json"


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
    return Child("local.embedded_aws", [], log=log, env=settings(port, state, env))


def settings(port: int, state: Path, env: Mapping[str, str]) -> dict[str, str]:
    """MiniStack's, in its environment; its folder for what is temporary exists then."""
    temporary = state / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    return {
        **env,
        "BIND_HOST": "127.0.0.1",  # the default is every interface
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(_services(state)),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(state / "s3"),
        "MINISTACK_REGION": env["AWS_REGION"],
        "TMPDIR": str(temporary),
        "LOG_LEVEL": "WARNING",
    }


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
    """Wait until no embedded AWS runs on `state` any more: one that was told to end frees its port, then its files.

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
                    f"the embedded AWS of an earlier stack has not ended yet in {state}",
                    hint="Wait for its end, then start again.",
                ) from None
            time.sleep(0.05)
        else:
            return


def show_received(state: Path) -> None:
    """Let messages be seen again that functions were working on when the stack died.

    Nobody works on them any more, and a crawl's or a change's would stay hidden for another five minutes.

    Raises:
        LocalStackError: the state file cannot be read.
    """
    if has_state(state):
        state_file.show_received(_state_file(state))


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
    """Whether its last run did not end by itself: then an object may be half of what it was to become."""
    return state.exists() and not _ended_marker(state).exists()


def has_state(state: Path) -> bool:
    """Whether there is a state file. Else tables and queues are empty, or as an older Earshot's clean end left them."""
    return _state_file(state).exists()


def has_forgotten(state: Path) -> bool:
    """Whether tables will lack what objects tell of: there were some, and no state file nor a clean end before it."""
    saved_by_older = _ended_marker(state).exists() and (_services(state) / "dynamodb.json").exists()
    return state.exists() and not has_state(state) and not saved_by_older


def _mend_descriptions(objects: Path) -> None:
    """Have size, ETag and checksums computed anew where the kill came between an object and the file describing it."""
    for description in objects.rglob(f"*{_DESCRIPTION}"):
        content = description.with_name(description.name.removesuffix(_DESCRIPTION))
        if content.is_file() and content.stat().st_mtime_ns > description.stat().st_mtime_ns:
            try:
                known = json.loads(description.read_text(encoding="utf-8"))
            except ValueError:
                known = {}  # the power failed
            for name in ("size", "etag", "checksums"):
                known.pop(name, None)
            description.write_text(json.dumps(known), encoding="utf-8")


def _ended_marker(state: Path) -> Path:
    return state / "saved"


def _services(state: Path) -> Path:
    return state / "services"


def _state_file(state: Path) -> Path:
    return state / "state.sqlite3"


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
    from local.write_through import WriteThrough  # imports MiniStack, which reads the environment then

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    open_channel(fd, on_end=signal.SIGTERM)
    state = Path(os.environ["STATE_DIR"]).parent
    own(state)  # until this process is gone
    file = StateFile(_state_file(state))
    _ended_marker(state).unlink(missing_ok=True)
    flusher = Flusher(file.path)
    WriteThrough(file, flusher)
    sys.argv = ["ministack"]
    with contextlib.suppress(SystemExit):
        runpy.run_module("ministack", run_name="__main__")
    flusher.stop()
    file.close()
    _ended_marker(state).touch()


if __name__ == "__main__":
    os.chdir(os.environ["TMPDIR"])
    main(int(sys.argv[1]))
