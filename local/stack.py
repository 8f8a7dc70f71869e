"""The whole stack on one machine: embedded AWS, event loop, HTTP front door; started and stopped together."""

import importlib
import os
import socket
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from config.local import LocalSettings
from earshot.errors import LocalStackError
from earshot.intake import start_crawl
from earshot.playlists import parse_playlist
from earshot.running_stack import RunningStack
from earshot.watching import Recurring, Watched
from local import embedded_aws
from local.board import Board
from local.event_loop import EventLoop
from local.gateway import FrontDoor, listen
from local.process import Child
from local.resources import create_all
from local.serverless import Function, read_functions
from local.timings import AT_ONCE, on_aws
from ops import lock
from ops.connection import REGION, aws_environment
from ops.deployment import Deployment
from ops.terminal import Say

_GRACE_S = 15.0
_WATCH_S = 1.0
_SUMMARY_EVERY = 5
_LOOK_EVERY = 15
"""Seconds between two looks at folders that are watched; two looks alike, and a change is crawled."""
_OLDER_NOTES = ("crawls.jsonl", "listening.jsonl")
_FORGOT = "tables"
"""What is written about a repair that is to be done and begins with tables that may lack what the index holds."""


class Stack:
    """Use as a context manager: inside, everything runs; after it, nothing does.

    Args:
        settings: ports, directories.
        say: prints a line for the user.
    """

    def __init__(self, settings: LocalSettings, say: Say) -> None:
        self.settings = settings
        self.say = say
        self.board = Board(say)
        self.session = boto3.Session()
        self.deployment = Deployment(self.session, settings.stage)
        self.timings = on_aws(settings.local_time_scale) if settings.local_timings == "aws" else AT_ONCE
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
        settings, directory = self.settings, self.settings.local_dir
        closing.enter_context(lock.hold(directory, RunningStack(os.getpid(), settings.api_url, settings.aws_url)))
        port = closing.enter_context(listen(settings.port, "PORT", settings.local_host))
        # Whatever a hard end left undone stays to be done when the start that shall do it is cut short itself.
        undone = directory / "unrepaired"
        embedded_aws.wait_for_predecessor(directory / "aws")
        died_hard = embedded_aws.died_hard(directory / "aws") or undone.exists()
        _remove_older_notes(directory, needed=died_hard and not embedded_aws.has_state(directory / "aws"))
        forgot = embedded_aws.has_forgotten(directory / "aws") or (undone.exists() and undone.read_text() == _FORGOT)
        if died_hard or forgot:
            undone.write_text(_FORGOT if forgot else "")
        env = aws_environment(settings.aws_url, REGION) | {"EARSHOT_STAGE": settings.stage}
        self._start_aws(closing, env)
        create_all(self.session, settings.stage, self.timings)
        loop = self._prepare_functions(closing, env, port)
        self._reconcile(died_hard, forgot)
        undone.unlink(missing_ok=True)
        loop.start()
        if self._front_door is not None:
            self._front_door.wait_ready()

    def _start_aws(self, closing: ExitStack, env: Mapping[str, str]) -> None:
        settings, directory = self.settings, self.settings.local_dir
        listen(settings.local_aws_port, "EARSHOT_LOCAL_AWS_PORT").close()
        if not self.timings.waits_for_visibility:
            embedded_aws.show_received(directory / "aws")
        self._aws = embedded_aws.start(
            settings.local_aws_port, state=directory / "aws", log=directory / "logs" / "aws.log", env=env
        )
        closing.callback(self._aws.stop, embedded_aws.STOP_TIMEOUT_S)
        importlib.import_module("ops.repair")  # numpy and annoy load while the embedded AWS starts
        embedded_aws.wait_until_it_answers(self._aws, settings.local_aws_port)

    def _prepare_functions(self, closing: ExitStack, env: Mapping[str, str], port: socket.socket) -> EventLoop:
        """Start the functions' processes, so that they import while table and index are compared."""
        functions = self._functions()
        behind_http = next((function for function in functions if function.serves_http), None)
        if behind_http is not None:
            self._front_door = FrontDoor(behind_http, env, self.settings, port)
            closing.callback(self._front_door.close)
        self._loop = EventLoop(
            functions,
            self.session,
            stage=self.settings.stage,
            env=env,
            state=self.settings.local_dir,
            limit=self.settings.local_workers,
            board=self.board,
            http=self._front_door,
            timings=self.timings,
        )
        closing.callback(self._loop.stop, _GRACE_S)
        self._loop.prepare()
        return self._loop

    def _reconcile(self, died_hard: bool, forgot: bool) -> None:
        """Repair what the last end of the stack has left undone. `forgot`: tables may lack what the index holds."""
        from ops.repair import Repaired, repair  # see _start_aws

        if died_hard:
            self.say("the stack was killed the last time; repairing …")
        repaired = repair(
            self.deployment,
            self.settings.local_dir / "cache" / "repair",
            table_lost=forgot,
            messages_lost=died_hard or forgot,  # killed, or the power failed
            check=died_hard,
            say=self.say,
        )
        if repaired != Repaired() or died_hard:
            self.say(f"repaired: {repaired}")

    def _functions(self) -> list[Function]:
        ssm = self.session.client("ssm")

        def lookup(name: str) -> str:
            try:
                return ssm.get_parameter(Name=name)["Parameter"]["Value"]
            except ssm.exceptions.ParameterNotFound:
                raise LocalStackError(
                    f"serverless.yml reads the SSM parameter {name}, which local/resources.py does not write"
                ) from None

        return read_functions(self.settings.local_serverless, stage=self.settings.stage, ssm=lookup)

    def watch(self, stop: threading.Event) -> None:
        """Until `stop`: say what happens, mend what can be mended.

        Raises:
            LocalStackError: the embedded AWS or a poller has died.
        """
        ticks = 0
        watched = [Watched(folder) for folder in self.settings.watch]
        recurring = [Recurring(called, self.settings.watch_every_s) for called in self.settings.watch_servers]
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
            if ticks % _LOOK_EVERY == 0:
                for folder in watched:
                    if folder.is_to_be_crawled():
                        self._hear_what_is_new(folder.folder.as_uri(), f"{folder.folder}, which has changed")
                for server in recurring:
                    if server.is_to_be_crawled():
                        self._hear_what_is_new(server.playlist, server.playlist)

    def _hear_what_is_new(self, playlist: str, shown: str) -> None:
        """Have new music heard; what has left goes as far as that is beyond doubt (`crawler.departed`)."""
        self.say(f"crawling {shown}")
        try:
            start_crawl(
                parse_playlist(playlist),
                crawls=self.deployment.crawls,
                crawl_queue=self.deployment.crawl_queue,
                only_new=True,
                remove_missing=True,
            )
        except (BotoCoreError, ClientError) as error:
            self.board.trouble("aws", str(error))


def _remove_older_notes(directory: Path, *, needed: bool) -> None:
    """Remove what an Earshot from before 2026-11-28 noted outside its AWS: in it is what people play.

    Raises:
        LocalStackError: they are `needed`, since that Earshot was killed and only it can read them.
    """
    notes = [path for name in _OLDER_NOTES if (path := directory / name).exists()]
    if needed and notes:
        names = " and ".join(map(str, notes))
        raise LocalStackError(
            f"an older Earshot was killed in {directory}, and what it had not saved is only in {names}",
            hint="Start that version once more, end it with `make down`, then start this one. Or remove those files: "
            "tracks come back from the index; crawls, plays and opinions since its last clean end are lost.",
        )
    for path in notes:
        path.unlink()
