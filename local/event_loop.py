"""The event loop: one thread per poller, each with a warm worker, until it is told to stop."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from local.board import Board
from local.channel import Event
from local.clock import Clock
from local.functions import THROTTLED, Invocable, Outcome, Worker, function_environment
from local.resources import subscribe
from local.serverless import Function
from local.sns import TopicSubscriber
from local.sqs_poller import SqsPoller
from local.stream_poller import StreamPoller
from local.timings import Timings
from local.triggers import SqsTrigger

if TYPE_CHECKING:
    from types_boto3_dynamodbstreams import DynamoDBStreamsClient
    from types_boto3_sqs import SQSClient

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


class _Throttled:
    """A function of an account that works on so many events at once, and turns others away."""

    def __init__(self, function: Invocable, slots: threading.BoundedSemaphore) -> None:
        self._function = function
        self._slots = slots

    def invoke(self, event: Event) -> Outcome:
        if not self._slots.acquire(blocking=False):
            return Outcome(error_type=THROTTLED, error="as many events as allowed are being worked on")
        try:
            return self._function.invoke(event)
        finally:
            self._slots.release()


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
        timings: how the loop treats time.
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
        timings: Timings,
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
        self._timings = timings
        self._slots = threading.BoundedSemaphore(timings.concurrency) if timings.concurrency else None
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
        runs = [
            (function.name, run)
            for function in self._functions
            for run in self._pollers(function, spare.get(function.name), sqs, streams)
        ]
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

    def _pollers(
        self, function: Function, spare: Worker | None, sqs: "SQSClient", streams: "DynamoDBStreamsClient"
    ) -> Iterator[Run]:
        """What wakes a function, each with a process of its own, or in turns with the first."""
        name, board, timings = function.name, self._board, self._timings
        first = self._http if function.serves_http and self._http else self._limited(spare or self._worker(function))
        if not self._is_parallel(function):
            first = _Turns(first)
        for trigger in function.sqs[:1]:
            yield SqsPoller(sqs, trigger, first, board, name, timings=timings).run
            for _ in range(self._concurrency(function, trigger) - 1):
                extra = self._limited(self._worker(function))
                yield SqsPoller(sqs, trigger, extra, board, name, timings=timings).run
        # Somebody waits for what the further queues bring: it stands behind nothing that the first does.
        for trigger in function.sqs[1:]:
            urgent = self._worker(function)
            urgent.start()
            yield SqsPoller(sqs, trigger, self._limited(urgent), board, name, timings=timings).run
        for stream in function.streams:
            for lane in range(timings.shards):
                reader = self._limited(self._worker(function)) if lane else first
                yield StreamPoller(
                    streams, sqs, stream, function=reader, board=board, name=name, timings=timings, lane=lane
                ).run
        for schedule in function.schedules:
            yield Clock(schedule, first, board, name, timings=timings).run
        for topic in function.sns:
            arn = subscribe(self._session, self._stage, topic.topic_arn, name)
            receiver = TopicSubscriber(first, topic.topic_arn)
            yield SqsPoller(sqs, SqsTrigger(arn), receiver, board, name, timings=timings).run

    def _limited(self, function: Invocable) -> Invocable:
        return _Throttled(function, self._slots) if self._slots else function

    def _worker(self, function: Function) -> Worker:
        worker = Worker(function, function_environment(function, self._env, self._state), self._state / "logs")
        self._workers.append(worker)
        return worker

    def _concurrency(self, function: Function, trigger: SqsTrigger) -> int:
        limits = (
            self._limit,
            trigger.maximum_concurrency,
            function.reserved_concurrency,
            1 if trigger.is_fifo else None,
        )
        return min(limit for limit in limits if limit is not None)

    @staticmethod
    def _is_parallel(function: Function) -> bool:
        """Whether each of its pollers has a worker for itself; otherwise they take turns."""
        triggers = (*function.sqs[:1], *function.streams, *function.sns, *function.schedules)
        return not function.serves_http and len(triggers) == 1
