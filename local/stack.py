"""The whole stack on one machine: embedded AWS, event loop, HTTP front door; started and stopped together."""

import os
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

import boto3

from config.local import LocalSettings
from earshot.errors import LocalStackError
from local import embedded_aws, lock
from local.board import Board
from local.event_loop import EventLoop
from local.functions import Outcome, ask, aws_environment, function_environment
from local.process import Child, ChildDied, ChildTimedOut
from local.resources import create_all
from local.serverless import Function, read_functions

REGION = "eu-central-1"
_GRACE_S = 15.0
_FRONT_DOOR_START_S = 60.0
_WATCH_S = 1.0
_SUMMARY_EVERY = 5
_BACKLOG = 1024

Say = Callable[[str], None]


def use_local_aws(aws_url: str) -> None:
    """From here on, every AWS client of this process talks to the embedded AWS and to nothing else."""
    environment = aws_environment(aws_url, REGION)
    for name in set(os.environ) - set(environment):
        del os.environ[name]
    os.environ.update(environment)


class FrontDoor:
    """The process behind the HTTP port, replaced when it dies. The port stays ours, so requests wait meanwhile."""

    def __init__(
        self, function: Function, env: Mapping[str, str], settings: LocalSettings, port: socket.socket
    ) -> None:
        self._function = function
        self._env = function_environment(function, env)
        self._settings = settings
        self._port = port
        self._lock = threading.Lock()
        self._child = self._start()

    def _start(self) -> Child:
        return Child(
            "local.front_door",
            [self._settings.local_app, self._function.handler],
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
            self._child.wait_ready(_FRONT_DOOR_START_S)
        except (ChildDied, ChildTimedOut):
            raise LocalStackError("the HTTP API did not start", hint=f"Its log says why: {self._child.log}") from None

    def invoke(self, event: Mapping[str, Any]) -> Outcome:
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


class Stack:
    """Use as a context manager: inside, everything runs; after it, nothing does.

    Args:
        settings: ports, directories.
        say: prints a line for the user.
        before_start: runs when AWS is there and before the first event is read (the reconcile).
    """

    def __init__(
        self, settings: LocalSettings, say: Say, before_start: Callable[["Stack"], None] | None = None
    ) -> None:
        self.settings = settings
        self.say = say
        self.board = Board(say)
        self.session = boto3.Session()
        self.died_hard = False
        """Whether the stack before this one was killed: the embedded AWS has then lost all but S3 objects."""
        self._before_start = before_start
        self._closing = ExitStack()
        self._front_door: FrontDoor | None = None
        self._aws: Child | None = None
        self._loop: EventLoop | None = None

    def __enter__(self) -> "Stack":
        with ExitStack() as starting:
            self._start(starting)
            self._closing = starting.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def _start(self, closing: ExitStack) -> None:
        settings = self.settings
        directory = settings.local_dir
        closing.enter_context(lock.hold(directory, lock.RunningStack(os.getpid(), settings.api_url, settings.aws_url)))
        port = closing.enter_context(_listen(settings.port, "PORT"))
        _listen(settings.local_aws_port, "EARSHOT_LOCAL_AWS_PORT").close()
        marker = directory / "running"
        self.died_hard = marker.exists()
        marker.touch()
        closing.callback(marker.unlink)
        env = aws_environment(settings.aws_url, REGION) | {"EARSHOT_STAGE": settings.stage}
        self._aws = embedded_aws.start(
            settings.local_aws_port, state=directory / "aws", log=directory / "logs" / "aws.log", env=env
        )
        closing.callback(self._aws.stop, embedded_aws.STOP_TIMEOUT_S)
        create_all(self.session, settings.stage)
        functions = self._functions()
        behind_http = next((function for function in functions if function.serves_http), None)
        if behind_http is not None:
            self._front_door = FrontDoor(behind_http, env, settings, port)
            closing.callback(self._front_door.close)
        self._loop = EventLoop(
            functions,
            self.session,
            stage=settings.stage,
            env=env,
            logs=directory / "logs",
            limit=settings.local_workers,
            board=self.board,
            http=self._front_door,
        )
        closing.callback(self._loop.stop, _GRACE_S)
        self._loop.prepare()
        if self._before_start is not None:
            self._before_start(self)
        self._loop.start()
        if self._front_door is not None:
            self._front_door.wait_ready()

    def _functions(self) -> list[Function]:
        ssm = self.session.client("ssm")

        def lookup(name: str) -> str:
            try:
                value: str = ssm.get_parameter(Name=name)["Parameter"]["Value"]
            except ssm.exceptions.ParameterNotFound:
                raise LocalStackError(
                    f"serverless.yml reads the SSM parameter {name}, which local/resources.py does not write"
                ) from None
            return value

        return read_functions(self.settings.local_serverless, stage=self.settings.stage, ssm=lookup)

    def watch(self, stop: threading.Event) -> None:
        """Until `stop`: say what happens, mend what can be mended.

        Raises:
            LocalStackError: the embedded AWS or a poller has died.
        """
        ticks = 0
        while not stop.wait(_WATCH_S):
            if self._aws is not None and not self._aws.alive():
                raise LocalStackError(
                    "the embedded AWS has died",
                    hint=f"Its log: {self._aws.log}. Start again with `make up`: it repairs what was lost.",
                )
            if self._loop is not None and (broken := self._loop.broken()):
                raise LocalStackError(f"the event loop of {broken} has died", hint="Its traceback stands above.")
            if self._front_door is not None and self._front_door.revive():
                self.say("! the HTTP API died and was started again (see api.log)")
            ticks += 1
            if ticks % _SUMMARY_EVERY == 0 and (line := self.board.summary()):
                self.say(line)


def _listen(port: int, setting: str) -> socket.socket:
    """A listening socket on 127.0.0.1.

    Raises:
        LocalStackError: the port is taken; says which one and what to do.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise LocalStackError(
            f"port {port} on 127.0.0.1 cannot be used: {error.strerror}",
            hint=f"Stop what uses it, or choose another one: make up {setting}=<port>",
        ) from None
    return listener
