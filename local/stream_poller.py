"""From a DynamoDB stream to a function, as Lambda's event source mapping does it."""

import base64
import json
import threading
import time
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, cast

from botocore.exceptions import BotoCoreError, ClientError

from earshot.errors import InvalidSettings
from local.board import Board
from local.delivery import GivenUp, Record, deliver, on_failure_message, sequence_number
from local.filters import matches
from local.functions import THROTTLED, Invocable, Outcome
from local.sqs_poller import failed_ids
from local.timings import AT_ONCE, Timings, happens
from local.triggers import StreamTrigger

if TYPE_CHECKING:
    from types_boto3_dynamodbstreams import DynamoDBStreamsClient
    from types_boto3_dynamodbstreams.type_defs import RecordTypeDef
    from types_boto3_sqs import SQSClient

_IDLE_S = 0.2
_ERROR_PAUSE_S = 1.0
_READ_LIMIT = 1000


def event_record(record: "RecordTypeDef", stream_arn: str) -> Record:
    """A record as `get_records` returns it, in the form Lambda hands to a function."""
    return cast("Record", _jsonable({**record, "eventSourceARN": stream_arn}))


def _jsonable(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _jsonable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_jsonable(inner) for inner in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime):
        return value.timestamp()
    return value


def _lane_of(record: Record, lanes: int) -> int:
    """Which of so many readers takes the changes of the record's key."""
    return zlib.crc32(json.dumps(record["dynamodb"]["Keys"], sort_keys=True).encode()) % lanes


class StreamPoller:
    """A reader of a stream's shard. Its position lives as long as the stream does: until the next start.

    Args:
        streams: a boto3 DynamoDB Streams client.
        sqs: a boto3 SQS client, for the on-failure destination.
        trigger: what serverless.yml says.
        function: takes the events.
        board: hears of every invocation.
        name: the function's.
        lane: of so many readers, which this one is: each takes the changes of its own keys, as if it had a shard.
        timings: how often what was dealt with comes once more.
    """

    def __init__(
        self,
        streams: "DynamoDBStreamsClient",
        sqs: "SQSClient",
        trigger: StreamTrigger,
        *,
        function: Invocable,
        board: Board,
        name: str,
        timings: Timings = AT_ONCE,
        lane: int = 0,
    ) -> None:
        self._streams = streams
        self._sqs = sqs
        self._trigger = trigger
        self._function = function
        self._board = board
        self._name = name
        self._timings = timings
        self._lane = lane
        self._stop = threading.Event()
        self._shard_id = self._only_shard()
        self._iterator: str | None = None
        self._last_seen: str | None = None
        self._on_failure_url = (
            sqs.get_queue_url(QueueName=trigger.on_failure_queue_arn.rsplit(":", 1)[1])["QueueUrl"]
            if trigger.on_failure_queue_arn
            else None
        )

    def _only_shard(self) -> str:
        shards = self._streams.describe_stream(StreamArn=self._trigger.stream_arn)["StreamDescription"]["Shards"]
        if len(shards) != 1:
            raise InvalidSettings(
                f"{self._trigger.stream_arn} has {len(shards)} shards; the local event loop reads exactly one"
            )
        return shards[0]["ShardId"]

    def run(self, stop: threading.Event) -> None:
        """Read and deliver until `stop` is set."""
        self._stop = stop
        gathered: list[Record] = []
        deadline = 0.0
        while not stop.is_set():
            try:
                news = self._read(self._trigger.batch_size - len(gathered))
            except (BotoCoreError, ClientError) as error:
                if not stop.is_set():
                    self._board.trouble(self._name, f"cannot read its stream: {error}")
                stop.wait(_ERROR_PAUSE_S)
                continue
            if news and not gathered:
                deadline = time.monotonic() + self._trigger.window_s
            gathered += news
            if gathered and (len(gathered) >= self._trigger.batch_size or time.monotonic() >= deadline):
                while True:
                    deliver(gathered, self._trigger, self._invoke, self._give_up, lambda s: not stop.wait(s))
                    if stop.is_set() or not happens(self._timings.repeats):
                        break
                gathered = []
            elif not news:
                stop.wait(_IDLE_S)

    def _read(self, limit: int) -> list[Record]:
        """The next records that pass the filters; at most `limit`."""
        if self._iterator is None:
            self._iterator = self._fresh_iterator()
        try:
            answer = self._streams.get_records(ShardIterator=self._iterator, Limit=min(_READ_LIMIT, limit))
        except ClientError as error:
            # After a long sleep of the machine the position has expired, or the records behind it have.
            if error.response["Error"]["Code"] == "TrimmedDataAccessException":
                self._last_seen = None
            if error.response["Error"]["Code"] in ("ExpiredIteratorException", "TrimmedDataAccessException"):
                self._iterator = None
                return []
            raise
        self._iterator = answer.get("NextShardIterator")
        records = [event_record(record, self._trigger.stream_arn) for record in answer["Records"]]
        if records:
            self._last_seen = sequence_number(records[-1])
        patterns = self._trigger.filters
        return [
            record
            for record in records
            if _lane_of(record, self._timings.shards) == self._lane
            and (not patterns or any(matches(p, record) for p in patterns))
        ]

    def _fresh_iterator(self) -> str:
        arn, shard = self._trigger.stream_arn, self._shard_id
        try:
            if self._last_seen is None:
                start = self._trigger.starting_position
                answer = self._streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType=start)
            else:
                answer = self._streams.get_shard_iterator(
                    StreamArn=arn,
                    ShardId=shard,
                    ShardIteratorType="AFTER_SEQUENCE_NUMBER",
                    SequenceNumber=self._last_seen,
                )
        except ClientError as error:
            if error.response["Error"]["Code"] == "TrimmedDataAccessException":
                self._last_seen = None
            raise
        return answer["ShardIterator"]

    def _invoke(self, records: Sequence[Record]) -> Outcome:
        while (outcome := self._function.invoke({"Records": list(records)})).error_type == THROTTLED:
            if self._stop.wait(_ERROR_PAUSE_S):  # AWS tries for as long as the stream keeps the records
                break
        failed = failed_ids(
            outcome, set(map(sequence_number, records)), partial_failures=self._trigger.partial_failures
        )
        self._board.invoked(self._name, len(records), len(failed), outcome)
        return outcome

    def _give_up(self, given_up: GivenUp) -> None:
        url = self._on_failure_url
        if url is None:
            self._board.trouble(self._name, f"{len(given_up.records)} records given up, and it has no on-failure queue")
            return
        message = on_failure_message(
            given_up,
            stream_arn=self._trigger.stream_arn,
            shard_id=self._shard_id,
            function_arn=f"arn:aws:lambda:{self._trigger.stream_arn.split(':')[3]}:000000000000:function:{self._name}",
        )
        while not self._parked(url, json.dumps(message)):
            if self._stop.wait(_ERROR_PAUSE_S):
                return
        self._board.trouble(self._name, f"{len(given_up.records)} records given up and parked in the on-failure queue")

    def _parked(self, url: str, message: str) -> bool:
        try:
            self._sqs.send_message(QueueUrl=url, MessageBody=message)
        except (BotoCoreError, ClientError) as error:
            self._board.trouble(self._name, f"cannot reach its on-failure queue: {error}")
            return False
        return True
