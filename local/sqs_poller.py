"""From a queue to a function, as Lambda's event source mapping does it."""

import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict

from botocore.exceptions import BotoCoreError, ClientError

from local.board import Board
from local.channel import Event
from local.functions import STOPPED, THROTTLED, Invocable, Outcome
from local.timings import AT_ONCE, Timings, happens
from local.triggers import SqsTrigger

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.literals import MessageSystemAttributeNameType
    from types_boto3_sqs.type_defs import MessageTypeDef

_WAIT_S = 1  # a poll in flight delays a clean stop by as much
_RECEIVE_LIMIT = 10
_ERROR_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60


class SqsRecord(TypedDict):
    """A message as Lambda hands it to a function."""

    messageId: str
    receiptHandle: str
    body: str
    attributes: "Mapping[MessageSystemAttributeNameType, str]"
    messageAttributes: Mapping[str, object]
    md5OfBody: str
    eventSource: str
    eventSourceARN: str
    awsRegion: str


def sqs_event(messages: "Sequence[MessageTypeDef]", queue_arn: str) -> Event:
    """The Lambda event of messages as `receive_message` returns them."""
    return {"Records": [_record(message, queue_arn) for message in messages]}


def _record(message: "MessageTypeDef", queue_arn: str) -> SqsRecord:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {
            name: {
                "dataType": value["DataType"],
                **({"stringValue": value["StringValue"]} if "StringValue" in value else {}),
                "stringListValues": [],
                "binaryListValues": [],
            }
            for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }


def failed_ids(outcome: Outcome, sent: set[str], *, partial_failures: bool) -> set[str]:
    """Which of the identifiers in `sent` the function did not deal with.

    As in Lambda, an answer that names nothing is a success, and one that is malformed or names an unknown identifier
    fails the whole batch.
    """
    if outcome.failed:
        return sent
    if not partial_failures or not outcome.result:
        return set()
    failures = outcome.result.get("batchItemFailures", sent) if isinstance(outcome.result, dict) else sent
    if not isinstance(failures or [], list):
        return sent
    named = [failure.get("itemIdentifier") if isinstance(failure, dict) else None for failure in failures or ()]
    known = [name for name in named if isinstance(name, str) and name in sent]
    return set(known) if len(known) == len(named) else sent


class SqsPoller:
    """One of a trigger's concurrent pollers, each with a worker of its own.

    Args:
        client: a boto3 SQS client.
        trigger: what serverless.yml says.
        function: takes the events.
        board: hears of every invocation.
        name: the function's, for the board.
        timings: when messages come back.
    """

    def __init__(
        self,
        client: "SQSClient",
        trigger: SqsTrigger,
        function: Invocable,
        board: Board,
        name: str,
        *,
        timings: Timings = AT_ONCE,
    ) -> None:
        self._client = client
        self._timings = timings
        self._trigger = trigger
        self._function = function
        self._board = board
        self._name = name
        self._url = client.get_queue_url(QueueName=trigger.queue_arn.rsplit(":", 1)[1])["QueueUrl"]
        hidden = client.get_queue_attributes(QueueUrl=self._url, AttributeNames=["VisibilityTimeout"])["Attributes"]
        self._hidden_s = float(hidden["VisibilityTimeout"])

    def run(self, stop: threading.Event) -> None:
        """Poll until `stop` is set."""
        while not stop.is_set():
            try:
                if messages := self._gather(stop):
                    self._handle(messages, stop)
            except (BotoCoreError, ClientError) as error:
                if not stop.is_set():
                    self._board.trouble(self._name, f"cannot poll its queue: {error}")
                stop.wait(_ERROR_PAUSE_S)

    def _gather(self, stop: threading.Event) -> "list[MessageTypeDef]":
        """As many messages as a batch may have, of those that come within the window from the first one on.

        Where they come one by one, they are left in the queue until the window is over: each look costs as much as ten
        messages do. It is over before what was received first can be seen again.
        """
        messages = self._receive(_WAIT_S, self._trigger.batch_size)
        if not messages or not self._trigger.window_s:
            return messages
        if len(messages) < _RECEIVE_LIMIT:
            stop.wait(min(self._trigger.window_s, self._hidden_s / 2))
        while (missing := self._trigger.batch_size - len(messages)) and not stop.is_set():
            found = self._receive(0, missing)
            messages += found
            if len(found) < min(_RECEIVE_LIMIT, missing):
                break
        return messages

    def _receive(self, wait_s: int, most: int) -> "list[MessageTypeDef]":
        answer = self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=min(_RECEIVE_LIMIT, most),
            WaitTimeSeconds=wait_s,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return answer.get("Messages", [])

    def _handle(self, messages: "list[MessageTypeDef]", stop: threading.Event) -> None:
        event, until = sqs_event(messages, self._trigger.queue_arn), time.monotonic() + self._hidden_s
        while (outcome := self._function.invoke(event)).error_type == THROTTLED:
            if stop.wait(_ERROR_PAUSE_S) or time.monotonic() > until:
                return  # received in vain: by now they can be seen again
        failed = failed_ids(
            outcome, {message["MessageId"] for message in messages}, partial_failures=self._trigger.partial_failures
        )
        self._board.invoked(self._name, len(messages), len(failed), outcome)
        done = [message for message in messages if message["MessageId"] not in failed]
        self._delete([message for message in done if self._trigger.is_fifo or not happens(self._timings.repeats)])
        stopped = outcome.error_type == STOPPED
        if outcome.failed and (stopped or not self._timings.waits_for_visibility):
            self._back_off(messages, at_once=stopped)  # else the function itself may have said when they come back

    def _delete(self, messages: "Sequence[MessageTypeDef]") -> None:
        for start in range(0, len(messages), _RECEIVE_LIMIT):
            self._client.delete_message_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                    for number, message in enumerate(messages[start : start + _RECEIVE_LIMIT])
                ],
            )

    def _back_off(self, messages: "Sequence[MessageTypeDef]", *, at_once: bool) -> None:
        """What killed its function comes back within seconds. (On AWS: when the visibility timeout is over.)"""
        for start in range(0, len(messages), _RECEIVE_LIMIT):
            self._client.change_message_visibility_batch(
                QueueUrl=self._url,
                Entries=[
                    {
                        "Id": str(number),
                        "ReceiptHandle": message["ReceiptHandle"],
                        "VisibilityTimeout": 0 if at_once else _pause_s(message),
                    }
                    for number, message in enumerate(messages[start : start + _RECEIVE_LIMIT])
                ],
            )


def _pause_s(message: "MessageTypeDef") -> int:
    """1, 2, 4, … seconds, the longer the more often it has failed."""
    receives = int(message["Attributes"]["ApproximateReceiveCount"])
    return int(min(_LONGEST_PAUSE_S, 2 ** min(receives - 1, 6)))
