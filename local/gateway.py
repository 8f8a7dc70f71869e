"""The HTTP port and the process behind it."""

import socket
import threading
from collections.abc import Mapping

from config.local import LOOPBACK, LocalSettings
from earshot.errors import LocalStackError
from local.channel import Event
from local.functions import Outcome, ask, function_environment
from local.process import Child, ChildDied, ChildTimedOut
from local.serverless import Function

_START_TIMEOUT_S = 60.0
_GRACE_S = 10.0
_BACKLOG = 1024


class FrontDoor:
    """The process behind the HTTP port, replaced when it dies. The port stays ours, so requests wait meanwhile."""

    def __init__(
        self, function: Function, env: Mapping[str, str], settings: LocalSettings, port: socket.socket
    ) -> None:
        self._function = function
        self._env = function_environment(function, env, settings.local_dir)
        self._settings = settings
        self._port = port
        self._lock = threading.Lock()
        self._child = self._start()

    def _start(self) -> Child:
        return Child(
            "local.front_door",
            [
                self._settings.local_app,
                self._function.handler,
                self._settings.local_host,
                ",".join(self._settings.local_hosts),
                str(self._settings.local_dir),
            ],
            env=self._env,
            log=self._settings.local_dir / "logs" / f"{self._function.name}.log",
            sockets=[self._port],
        )

    def wait_ready(self) -> None:
        """Until it answers.

        Raises:
            LocalStackError: it does not.
        """
        try:
            self._child.wait_ready(_START_TIMEOUT_S)
        except (ChildDied, ChildTimedOut):
            raise LocalStackError("the HTTP API did not start", hint=f"Its log says why: {self._child.log}") from None

    def invoke(self, event: Event) -> Outcome:
        """Run the function's handler in the process that serves HTTP."""
        return ask(self._child, event, self._function.timeout_s)

    def revive(self) -> bool:
        """Replace a dead process. Whether that was needed."""
        with self._lock:
            if self._child.alive():
                return False
            self._child = self._start()
            return True

    def close(self) -> None:
        """Let open requests finish, then end."""
        self._child.stop(_GRACE_S)


def listen(port: int, setting: str, address: str = LOOPBACK) -> socket.socket:
    """A listening socket, for this machine alone unless `address` says otherwise.

    Raises:
        LocalStackError: the port is taken; says which one and what to do.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise LocalStackError(
            f"port {port} on {address} cannot be used: {error.strerror}",
            hint=f"Stop what uses it, or choose another one: make up {setting}=<port>",
        ) from None
    return listener
