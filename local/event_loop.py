"""The event loop: one thread per poller, each with a warm worker, until it is told to stop."""

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import boto3
from botocore.config import Config

from local.board import Board
from local.channel import Event
from local.clock import Clock
from local.functions import Invocable, Outcome, Worker, function_environment
from local.resources import subscribe
from local.serverless import Function
from local.sns import TopicSubscriber
from local.sqs_poller import SqsPoller
from local.stream_poller import StreamPoller
from local.triggers import SqsTrigger

_CLOSE_TIMEOUT_S = 5.0

Run = Callable[[threading.Event], None]
"""Polls until told to stop."""


class _Turns:
    """A function shared by several threads but run by one process: one event at a time."""

    def __init__(self, function: Invocable) -> None:
        self._function = function
        self._turn = threading.Lock()

    def invoke(self, event: Event) -> Outcome:
        with self._turn:
            return self._function.invoke(event)


class EventLoop:
    """Connects queues, streams and topics with functions, as serverless.yml says.

    Args:
        functions: with every variable resolved.
        session: a boto3 session for the embedded AWS.
        stage: part of every resource's name.
        env: what every worker's environment starts from.
        state: the stack's state directory.
        limit: most processes per function; 0 for one per core.
        board: hears of every invocation.
        http: takes the events of the function behind the HTTP API.
    """

    def __init__(
        self,
        functions: Sequence[Function],
        session: boto3.Session,
        *,
        stage: str,
        env: Mapping[str, str],
        state: Path,
        limit: int,
        board: Board,
        http: Invocable | None = None,
    ) -> None:
        self._session = session
        self._stage = stage
        self._env = env
        self._state = state
        self._limit = limit or os.cpu_count() or 1
        self._board = board
        self._http = http
        self._functions = functions
        self._workers: list[Worker] = []
        self._threads: list[threading.Thread] = []
        self._stop = threading.Event()

    def prepare(self) -> None:
        """Start one worker per function that is woken soon, so that they import while other things happen."""
        for function in self._functions:
            if not function.serves_http and not function.schedules:
                self._worker(function).start()

    def start(self) -> None:
        """Begin to poll.

        Raises:
            InvalidSettings: a trigger cannot be served.
        """
        spare = {worker.function.name: worker for worker in self._workers}
        # Pollers try again by themselves; retries inside a client would only delay a stop.
        once = Config(retries={"total_max_attempts": 1}, max_pool_connections=50)
        sqs = self._session.client("sqs", config=once)
        streams = self._session.client("dynamodbstreams", config=once)
        runs: list[tuple[str, Run]] = []
        for function in self._functions:
            name = function.name
            first: Invocable = (
                self._http if function.serves_http and self._http else spare.get(name) or self._worker(function)
            )
            if not self._is_parallel(function):
                first = _Turns(first)
            for trigger in function.sqs:
                runs.append((name, SqsPoller(sqs, trigger, first, self._board, name).run))
                for _ in range(self._concurrency(function, trigger) - 1):
                    extra = self._worker(function)
                    runs.append((name, SqsPoller(sqs, trigger, extra, self._board, name).run))
            runs += [
                (name, StreamPoller(streams, sqs, trigger, function=first, board=self._board, name=name).run)
                for trigger in function.streams
            ]
            runs += [(name, Clock(trigger, first, self._board, name).run) for trigger in function.schedules]
            for topic in function.sns:
                arn = subscribe(self._session, self._stage, topic.topic_arn, name)
                receiver = TopicSubscriber(first, topic.topic_arn)
                runs.append((name, SqsPoller(sqs, SqsTrigger(arn), receiver, self._board, name).run))
        for name, run in runs:
            thread = threading.Thread(target=run, args=(self._stop,), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def broken(self) -> str | None:
        """The name of a function whose poller has died, which only a defect of the loop can cause."""
        return next((thread.name for thread in self._threads if not thread.is_alive()), None)

    def stop(self, grace_s: float) -> None:
        """End the polling; work in hand gets `grace_s` seconds, then its process is killed and its events come back."""
        self._stop.set()
        deadline = time.monotonic() + grace_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        for worker in self._workers:
            worker.close()
        for thread in self._threads:
            thread.join(_CLOSE_TIMEOUT_S)

    def _worker(self, function: Function) -> Worker:
        worker = Worker(function, function_environment(function, self._env, self._state), self._state / "logs")
        self._workers.append(worker)
        return worker

    def _concurrency(self, function: Function, trigger: SqsTrigger) -> int:
        limits = (self._limit, trigger.maximum_concurrency, function.reserved_concurrency)
        return min(limit for limit in limits if limit is not None)

    @staticmethod
    def _is_parallel(function: Function) -> bool:
        """Whether each of its pollers has a worker for itself; otherwise they take turns."""
        triggers = (*function.sqs, *function.streams, *function.sns, *function.schedules)
        return not function.serves_http and len(triggers) == 1
