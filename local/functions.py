"""Invoking a function: its environment, its warm worker, and what became of an invocation."""

import os
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dotenv import dotenv_values

from config.local import ROOT
from local.channel import Event, Request
from local.process import Child, ChildDied, ChildTimedOut
from local.resources import covers_bucket
from local.serverless import Function

_INIT_TIMEOUT_S = 120.0
_RESTART_PAUSE_S = 1.0
_SHARED = ("EARSHOT_PROVIDERS", "EARSHOT_FOLDER_ROOTS", "EARSHOT_ALLOWED_HOSTS")
STOPPED = "Runtime.Stopped"
"""Error type of an invocation that the end of the stack cut short: nothing is wrong, the event comes back."""
THROTTLED = "TooManyRequestsException"
"""Error type of an invocation that did not take place: as many events as allowed are being worked on."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an invocation gave: a result, or an error with its type."""

    result: object = None
    error_type: str | None = None
    error: str = ""
    seconds: float = 0.0
    """How long it took."""

    @property
    def failed(self) -> bool:
        """Whether the function as a whole failed."""
        return self.error_type is not None


class Invocable(Protocol):
    """Something that takes an event."""

    def invoke(self, event: Event) -> Outcome:
        """Run the function on `event`."""


def local_settings(function: Function, state: Path) -> dict[str, str]:
    """Settings that mean something else on one machine than in the cloud, unless a person has chosen them.

    Args:
        function: for which function.
        state: the stack's state directory.
    """
    service = function.handler.partition(".")[0]
    of_crawler, own = (dotenv_values(ROOT / "config" / f"{name}.env") for name in ("crawler", service))
    # What may be crawled is said to the crawler; who accepts what is to be crawled must know it, too.
    shared = {name: value for name, value in of_crawler.items() if name in _SHARED and value}
    chosen = {**shared, **own, **os.environ}
    defaults = {
        **{name: chosen[name] or "" for name in _SHARED if name in chosen},
        "EARSHOT_FOLDER_ROOTS": "/",  # whoever starts the stack may read these files anyway
        "EARSHOT_COVERS_BUCKET": covers_bucket(function.environment.get("EARSHOT_STAGE", "local")),
        "EARSHOT_FILE_MEMORY": str(state / "files.sqlite3"),
        "EARSHOT_INDEX_CACHE_DIR": str(state / "cache" / function.name),
        "EARSHOT_INDEX_WORK_DIR": str(state / "cache" / function.name),
        "EARSHOT_PLAYS_WORK_DIR": str(state / "cache" / function.name),
        # A worker counts on one core, as a function of its size does; several that take all slow each other down.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    return {name: chosen.get(name) or value for name, value in defaults.items()}


def function_environment(function: Function, base: Mapping[str, str], state: Path) -> dict[str, str]:
    """The environment of a function: serverless.yml's, what the Lambda runtime adds, and settings for one machine."""
    return {
        **base,
        # An empty value means "not set here"; the service's .env file may then say something.
        **{name: value for name, value in function.environment.items() if value},
        **local_settings(function, state),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "POWERTOOLS_TRACE_DISABLED": "true",
        "POWERTOOLS_METRICS_DISABLED": "false",  # they belong into its log, whatever the stack's own terminal shows
        "PYTHONUNBUFFERED": "1",
    }


def ask(child: Child, event: Event, timeout_s: float) -> Outcome:
    """One invocation in `child`, killed when it takes longer than `timeout_s`."""
    try:
        child.wait_ready(_INIT_TIMEOUT_S)
        started = time.monotonic()
        reply = child.ask(Request(request_id=str(uuid.uuid4()), event=event, timeout_s=timeout_s), timeout_s)
    except ChildTimedOut:
        return Outcome(error_type="Sandbox.Timedout", error=f"Task timed out after {timeout_s:.2f} seconds")
    except ChildDied as death:
        return Outcome(error_type="Runtime.ExitError", error=f"the worker died ({death})")
    seconds = time.monotonic() - started
    if error := reply.get("error"):
        return Outcome(error_type=error["type"], error=error["message"], seconds=seconds)
    return Outcome(result=reply.get("result"), seconds=seconds)


class Worker:
    """One warm process of a function, started when first needed and replaced when it dies.

    Args:
        function: what it runs.
        env: its environment.
        logs: folder of the log files.
    """

    def __init__(self, function: Function, env: Mapping[str, str], logs: Path) -> None:
        self.function = function
        self._env = env
        self._log = logs / f"{function.name}.log"
        self._child: Child | None = None
        self._started_at = 0.0
        self._closed = False
        self._lock = threading.Lock()

    def start(self) -> Child | None:
        """The living process; None once closed."""
        with self._lock:
            if self._closed:
                return None
            if self._child is None or not self._child.alive():
                # A function that dies at import must not become a storm of processes.
                time.sleep(max(0.0, self._started_at + _RESTART_PAUSE_S - time.monotonic()))
                self._started_at = time.monotonic()
                self._child = Child("local.worker", [self.function.handler], env=self._env, log=self._log)
            return self._child

    def invoke(self, event: Event) -> Outcome:
        """Run the handler on `event`."""
        child = self.start()
        outcome = ask(child, event, self.function.timeout_s) if child else Outcome()
        if self._closed and (child is None or outcome.failed):
            return Outcome(error_type=STOPPED, error="the stack is stopping")
        return outcome

    def close(self) -> None:
        """Kill the process, also in the middle of its work: events come back."""
        self._closed = True
        if self._child is not None:
            self._child.kill()
