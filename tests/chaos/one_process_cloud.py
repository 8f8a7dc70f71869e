"""All functions of serverless.yml in this process, woken as AWS wakes them, on a clock that the test moves.

Queues hide, repeat and park messages as long and as often as infra/queues.json says; the stream is read in two lanes; a
schedule comes when its time has come. A function that is killed leaves everything as it is: what it had received is
seen again when the visibility timeout is over.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import _lru_cache_wrapper
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import botocore.client
import moto.core.utils
import moto.sqs.models

import annoy_service.bootstrap
import annoy_service.stream_handler
import crawler.bootstrap
import earshot.clock
import listening.bootstrap
from config.local import ROOT
from earshot.index.reader import IndexReader
from local.filters import matches
from local.functions import function_environment
from local.resources import create_all
from local.serverless import Function, read_functions
from local.sqs_poller import sqs_event
from local.stream_poller import event_record
from local.timings import on_aws
from local.triggers import SqsTrigger, StreamTrigger
from local.worker import load_handler
from ops.deployment import Deployment
from tests.aws import environment

STAGE = "test"
LANES = 2
_MOST_RECEIVED = 10
_CHANGES = ("Put", "Update", "Delete", "Send", "BatchWrite", "Publish")
_PROCESSES = {
    "crawler": (crawler.bootstrap,),
    "listening": (listening.bootstrap,),
    "annoy_service": (annoy_service.bootstrap, annoy_service.stream_handler),
    "extractor": (),  # what it remembers is read anew with every batch; its decoder and its network are slow to start
}


class Killed(BaseException):
    """The process that ran the function is gone."""


@dataclass(frozen=True, slots=True)
class Window:
    """The time after the `number`-th change (from 0) that an invocation of a function makes to the outside world."""

    function: str
    number: int
    call: str


@dataclass(frozen=True)
class _Function:
    timeout_s: float

    def get_remaining_time_in_millis(self) -> int:
        return int(self.timeout_s * 1000)


class Cloud:
    """A stage in an account that is there already.

    Args:
        state: a folder for what functions keep on their disk.
    """

    def __init__(self, state: Path) -> None:
        self.session = boto3.Session()
        create_all(self.session, STAGE, on_aws(1))
        self.deployment = Deployment(self.session, STAGE)
        self.windows: list[Window] = []
        """Those that functions have been in, in order, each once."""
        self.away: set[str] = set()
        """Functions that do not run."""
        self.passed = timedelta()
        self.step = timedelta(minutes=15)
        """How often time passes and clocks strike."""
        self._state = state
        self._sqs = self.session.client("sqs")
        self._streams = self.session.client("dynamodbstreams")
        self._functions = self._read()
        self._running: str | None = None
        self._made = 0
        self._killed: Callable[[Window], bool] = lambda _: False
        self._due = {
            (function.name, number): timedelta(seconds=schedule.every_s)
            for function in self._functions
            for number, schedule in enumerate(function.schedules)
        }
        self._read_of_stream = [0] * LANES
        self._tries_of_stream = [0] * LANES
        parameters = self.deployment.parameters
        self._urls = {
            arn: parameters[f"{key.removesuffix('-arn')}-url"]
            for key, arn in parameters.items()
            if key.endswith("-queue-arn")
        }

    def _read(self) -> list[Function]:
        def lookup(name: str) -> str:
            return self.deployment.parameters[name.rpartition("/")[2]]

        return read_functions(ROOT / "serverless.yml", stage=STAGE, ssm=lookup)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Within the block its clock is everybody's, and it sees what functions change."""
        base: Any = botocore.client.BaseClient
        honest_now, honest_call, honest_millis = (
            earshot.clock.now,
            base._make_api_call,
            moto.core.utils.unix_time_millis,
        )

        def call(client: Any, operation: str, parameters: Any) -> Any:
            answer = honest_call(client, operation, parameters)
            if self._running and operation.startswith(_CHANGES):
                self._note(operation)
            return answer

        with (
            patch.object(earshot.clock, "now", lambda: honest_now() + self.passed),
            patch.object(moto.sqs.models, "unix_time", lambda: honest_millis() / 1000 + self.passed.total_seconds()),
            patch.object(
                moto.sqs.models, "unix_time_millis", lambda: honest_millis() + 1000 * self.passed.total_seconds()
            ),
            patch.object(base, "_make_api_call", call),
        ):
            yield
        for service in _PROCESSES:
            _forget(service)

    def _note(self, operation: str) -> None:
        window = Window(self._running or "", self._made, operation)
        self._made += 1
        if window not in self.windows:
            self.windows.append(window)
        if self._killed(window):
            raise Killed

    def kill(self, when: Callable[[Window], bool]) -> None:
        """From now on functions die in the windows for which `when` holds."""
        self._killed = when

    def wake(self, function: Function, event: Any) -> Any:
        """Run a function on an event.

        Raises:
            Killed: it died of it.
        """
        variables = function_environment(function, {"AWS_DEFAULT_REGION": "eu-central-1"}, self._state)
        self._running, self._made = function.name, 0
        try:
            with environment(**{**os.environ, **variables}):
                return load_handler(function.handler)(event, _Function(function.timeout_s))  # type: ignore[arg-type]
        except Killed:
            _forget(function.handler.partition(".")[0])
            raise
        finally:
            self._running = None

    def settle(self, is_over: Callable[[], bool], within: timedelta) -> timedelta:
        """Let functions work and time pass until it is over; how long that took."""
        began = self.passed
        while True:
            while self._deliver():
                pass
            if is_over():
                return self.passed - began
            assert self.passed - began < within, "it does not end"
            self.passed += self.step
            self._keep_schedules()

    def _deliver(self) -> bool:
        """Bring what waits to its functions, once around; whether anything did."""
        done = False
        for function in self._at_work():
            for trigger in function.sqs:
                done |= self._from_queue(function, trigger)
            for stream in function.streams:
                for lane in range(LANES):
                    done |= self._from_stream(function, stream, lane)
        return done

    def _from_queue(self, function: Function, trigger: SqsTrigger) -> bool:
        url = self._urls[trigger.queue_arn]
        messages = self._sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=min(trigger.batch_size, _MOST_RECEIVED),
            MessageSystemAttributeNames=["All"],
        ).get("Messages", [])
        if not messages:
            return False
        try:
            answer = self.wake(function, sqs_event(messages, trigger.queue_arn))
        except Killed:
            return True
        sent = {message["MessageId"] for message in messages}
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        assert failed <= sent
        for message in messages:
            if message["MessageId"] not in failed:
                self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return True

    def _from_stream(self, function: Function, trigger: StreamTrigger, lane: int) -> bool:
        arn = trigger.stream_arn
        shard = self._streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        iterator = self._streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
        records = self._streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
        fresh = [event_record(record, arn) for record in records[self._read_of_stream[lane] :]]
        mine = [
            record
            for record in fresh
            if hash(str(record["dynamodb"]["Keys"])) % LANES == lane
            and any(matches(pattern, record) for pattern in trigger.filters)
        ]
        if mine:
            try:
                answer = self.wake(function, {"Records": mine})
                assert answer == {"batchItemFailures": []}
            except Killed:
                self._tries_of_stream[lane] += 1
                if self._tries_of_stream[lane] <= trigger.retries:
                    return False  # tried again after a while
                self._sqs.send_message(
                    QueueUrl=self._urls[trigger.on_failure_queue_arn or ""], MessageBody='{"DDBStreamBatchInfo":{}}'
                )
        self._tries_of_stream[lane] = 0
        self._read_of_stream[lane] += len(fresh)
        return bool(mine)

    def _keep_schedules(self) -> None:
        for function in self._at_work():
            for number, schedule in enumerate(function.schedules):
                if self.passed >= self._due[function.name, number]:
                    self._due[function.name, number] = self.passed + timedelta(seconds=schedule.every_s)
                    try:
                        self.wake(function, schedule.event)
                    except Killed:
                        continue  # the next time

    def _at_work(self) -> list[Function]:
        return [function for function in self._functions if function.name not in self.away]

    def lose_all_previews(self) -> None:
        """A day has passed for them."""
        for track_id in list(self.deployment.previews.track_ids()):
            self.deployment.previews.delete(track_id)

    def lose_all_messages(self) -> None:
        """Every queue is emptied."""
        for url in self._urls.values():
            self._sqs.purge_queue(QueueUrl=url)

    def reader(self) -> IndexReader:
        """Of the index, with a cache of its own."""
        bucket = self.deployment.parameters["index-bucket"]
        return IndexReader(self.deployment.s3, bucket, self._state / "reader", check_every_s=0)


def _forget(service: str) -> None:
    """What a process of the service remembers."""
    for module in _PROCESSES.get(service, ()):
        for made_once in vars(module).values():
            if isinstance(made_once, _lru_cache_wrapper):
                made_once.cache_clear()
